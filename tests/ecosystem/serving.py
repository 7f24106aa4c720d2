"""What a server in a process of its own serves; the environment says what that is."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from flask import Flask
from waitress import serve

from ecosystem.plain import make_plain
from ecosystem.walking import settings
from ecosystem.watchers import LEAKY, WATCHERS, watch


def make() -> Flask:
    """The plain app, watched or not."""
    app = make_plain(settings(os.environ["TEST_BOARD_URL"]))
    if watcher := os.environ.get("TEST_WATCHER"):
        watchers = LEAKY if "TEST_LEAKY" in os.environ else WATCHERS
        watch(app, watchers[watcher], Path(os.environ["TEST_LOG"]))
    return app


if __name__ == "__main__":
    # Waitress takes a socket that listens only from Python.
    serve(make(), sockets=[socket.socket(fileno=int(sys.argv[1]))])
elif "TEST_BOARD_URL" in os.environ:
    app = make()
    through_a2wsgi = WSGIMiddleware(app)
    through_asgiref = WsgiToAsgi(app)

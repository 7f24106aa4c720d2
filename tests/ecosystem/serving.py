"""What a server in a process of its own serves; the environment says what that is."""

import os
import socket
import sys
from pathlib import Path

from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from waitress import serve

from ecosystem.plain import make_plain
from ecosystem.watchers import WATCHERS, watch

app = make_plain(os.environ["TEST_BOARD_URL"])
if "TEST_WATCHER" in os.environ:
    watch(app, WATCHERS[os.environ["TEST_WATCHER"]], Path(os.environ["TEST_LOG"]))
through_a2wsgi = WSGIMiddleware(app)
through_asgiref = WsgiToAsgi(app)

if __name__ == "__main__":
    # Waitress takes a socket that listens only from Python.
    serve(app, sockets=[socket.socket(fileno=int(sys.argv[1]))])

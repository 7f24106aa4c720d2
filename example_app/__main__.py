"""``python -m example_app``: Daybook and a stand-in board, until Ctrl-C or TERM."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from flask import Flask

from flask_feedbackchimp import ConfigError, feedbackchimp_url
from flask_feedbackchimp.sandbox import RequestHandler, create_sandbox

from . import create_app
from .seed import DEMO_PASSWORD, DEMO_USERS
from .serving import PortTakenError, serving

_STOP = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Serve both until asked to stop.

    :return: the exit status: 0 once stopped, 1 if they could not start.
    """
    # Held back until _serve() waits for them: no signal can interrupt the start or the
    # end half-way, and leave a server or a half-made database behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        _serve(_options())
    except (ConfigError, PortTakenError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\nBoth servers are stopped.")
    return 0


def _serve(options: argparse.Namespace) -> None:
    app_url = f"http://localhost:{options.app_port}"
    board_url = f"http://localhost:{options.board_port}"
    # Never in debug mode, whatever FLASK_DEBUG says: its pages run code.
    app = create_app(
        {"DEBUG": False, "FEEDBACKCHIMP_BOARD_URL": board_url},
        instance_path=options.instance,
    )
    board = _board(app, app_url, private=options.private)
    with (
        serving(app, port=options.app_port),
        serving(board, port=options.board_port, request_handler=RequestHandler),
    ):
        print(_welcome(app_url, board_url, private=options.private), flush=True)
        signal.sigwait(_STOP)


def _board(app: Flask, app_url: str, *, private: bool) -> Flask:
    with app.app_context():
        sso_url = app_url + feedbackchimp_url()
    return create_sandbox(
        app.config["FEEDBACKCHIMP_JWT_SECRET"],
        sso_url=sso_url,
        admins=app.config["FEEDBACKCHIMP_ADMIN_EMAILS"],
        private=private,
    )


def _welcome(app_url: str, board_url: str, *, private: bool) -> str:
    users = "".join(f"\n  {email:17}  {about}" for email, _, _, about in DEMO_USERS)
    return (
        f"\nDaybook, the example app:  {app_url}\n"
        f"A stand-in for its board:  {board_url}{' (private)' if private else ''}\n\n"
        f"Log in with the password “{DEMO_PASSWORD}” as one of{users}\n\n"
        "Ctrl-C stops both.\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m example_app", description=__doc__)
    parser.add_argument("--app-port", type=port, default=5000, metavar="PORT")
    parser.add_argument("--board-port", type=port, default=5001, metavar="PORT")
    parser.add_argument(
        "--private", action="store_true", help="the board shows nothing to strangers"
    )
    parser.add_argument(
        "--instance",
        type=os.path.abspath,
        metavar="FOLDER",
        help="where the database and the secrets are; beside the package by default",
    )
    return parser.parse_args()


def port(text: str) -> int:
    """The number of a port; argparse shows this function's name where it is none."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())

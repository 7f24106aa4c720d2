"""``python tools/demo``: the example app and a stand-in board, until Ctrl-C or TERM."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from daybook import CHECKOUT, PASSWORD, PEOPLE, make_daybook
from flask import Flask

from flask_feedbackchimp import ConfigError, feedbackchimp_url
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.sandbox.serving import PortTakenError, serving

STOP = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Serve both until asked to stop.

    :return: the exit status: 0 once stopped, 1 if they could not start.
    """
    # Held back until serve() waits for them: no signal can interrupt the start or the
    # end half-way, and leave a server or a half-made database behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    try:
        serve(read_options())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except PortTakenError as error:
        print(
            f"{error} For example: make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081",
            file=sys.stderr,
        )
        return 1
    print("\nBoth servers are stopped.")
    return 0


def serve(options: argparse.Namespace) -> None:
    """Serve both until a signal comes."""
    app_url = f"http://localhost:{options.app_port}"
    board_url = f"http://localhost:{options.board_port}"
    app = make_daybook(options.folder, board_url=board_url)
    board = make_board(app, app_url, private=options.private)
    with serving(app, port=options.app_port), serving(board, port=options.board_port):
        print(welcome(app_url, board_url, private=options.private), flush=True)
        signal.sigwait(STOP)


def make_board(app: Flask, app_url: str, *, private: bool) -> Flask:
    """The stand-in board, with the app's own settings."""
    with app.app_context():
        sso_url = app_url + feedbackchimp_url()
    return create_sandbox(
        app.config["FEEDBACKCHIMP_JWT_SECRET"],
        sso_url=sso_url,
        admins=app.config["FEEDBACKCHIMP_ADMIN_EMAILS"],
        private=private,
    )


def welcome(app_url: str, board_url: str, *, private: bool) -> str:
    """Where to go, and who to be."""
    people = "".join(f"\n  {p.email:17}  {p.name} {p.about}" for p in PEOPLE)
    return (
        f"\nDaybook, the example app:  {app_url}\n"
        f"A stand-in for its board:  {board_url}{' (private)' if private else ''}\n\n"
        f"Log in with the password “{PASSWORD}” as one of{people}\n\n"
        "Ctrl-C stops both.\n"
    )


def read_options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python tools/demo", description=__doc__)
    parser.add_argument("--app-port", type=port, default=5000, metavar="PORT")
    parser.add_argument("--board-port", type=port, default=5001, metavar="PORT")
    parser.add_argument(
        "--private", action="store_true", help="the board shows nothing to strangers"
    )
    parser.add_argument(
        "--folder",
        type=lambda folder: Path(folder).resolve(),
        default=CHECKOUT / "instance" / "demo",
        help="where the database and the secrets are (default: instance/demo)",
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

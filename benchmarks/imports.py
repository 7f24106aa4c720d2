"""What an import costs after Flask and Flask-Login; started by ``run.py``.

``python imports.py flask_feedbackchimp`` imports the package after ``jwt``, as if the
app had imported that by itself. In its place, ``jwt`` tells what that costs, ``set-up``
what the first ``init_app`` does with all that it imports but ``jwt``, and ``early``
what the package imports that should wait. Each prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module

_WAITING = ("jwt", "flask_feedbackchimp.cli", "flask_feedbackchimp.sandbox")


def _imported_early() -> list[str]:
    import_module("flask_feedbackchimp")
    return [name for name in _WAITING if name in sys.modules]


def _milliseconds(work: Callable[[], object]) -> float:
    before = time.process_time()  # others may use the machine as well
    os.getppid()  # callgrind writes out and clears its counters here
    work()
    os.getppid()
    return (time.process_time() - before) * 1000


def _set_up() -> Callable[[], object]:
    from flask import Flask

    from flask_feedbackchimp import FeedbackChimp

    app = Flask("shop")
    app.config["FEEDBACKCHIMP_JWT_SECRET"] = "benchmark-only-5d0c7f3a9b1e48d2a6"
    app.config["FEEDBACKCHIMP_ORGANIZATION"] = "acme"
    return lambda: FeedbackChimp(app)


def main() -> None:
    for module in ("flask", "flask_login"):
        import_module(module)
    what = sys.argv[1]
    if what == "early":
        print(json.dumps(_imported_early()))
        return
    if what != "jwt":
        import_module("jwt")
    work = _set_up() if what == "set-up" else partial(import_module, what)
    print(json.dumps(_milliseconds(work)))


if __name__ == "__main__":
    main()

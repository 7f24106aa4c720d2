"""What an import costs after Flask and Flask-Login; started by ``run.py``.

``python imports.py flask_feedbackchimp`` imports the package after ``jwt``, as if the
app had imported that by itself; ``python imports.py jwt`` tells what ``jwt`` costs.
``python imports.py early`` tells what the package imports that should wait. Each prints
JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

_WAITING = ("jwt", "flask_feedbackchimp.cli", "flask_feedbackchimp.sandbox")


def _imported_early() -> list[str]:
    import_module("flask_feedbackchimp")
    return [name for name in _WAITING if name in sys.modules]


def _milliseconds(module: str) -> float:
    if module != "jwt":
        import_module("jwt")
    before = time.process_time()  # others may use the machine as well
    os.getppid()  # callgrind writes out and clears its counters here
    import_module(module)
    os.getppid()
    return (time.process_time() - before) * 1000


def main() -> None:
    for module in ("flask", "flask_login"):
        import_module(module)
    if sys.argv[1] == "early":
        print(json.dumps(_imported_early()))
    else:
        print(json.dumps(_milliseconds(sys.argv[1])))


if __name__ == "__main__":
    main()

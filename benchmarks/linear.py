"""Four times the input takes at most six times as long; otherwise exits with 1.

``python benchmarks/linear.py``, with the package installed, tries what anyone can send
to a sandbox, and what a failed test shows of it: searching a long text for tokens
easily grows faster.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection

from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.sandbox.serving import serving
from flask_feedbackchimp.testing import Visit

SECRET = "made-up-for-benchmarks-5f0c2a9e4b7d"
LETTERS = 15_000  # four times as many still fit into a request line
MOST = 6.0
RUNS = 5


def main() -> int:
    """Print a line for each case, and whether all are linear."""
    sandbox = create_sandbox(SECRET, sso_url="http://localhost:5000/sso/feedbackchimp")
    with serving(sandbox, port=0) as port:

        def get(path: str) -> None:
            with closing(HTTPConnection("localhost", port)) as connection:
                connection.request("GET", path)
                connection.getresponse().read()

        ratios = [
            measure("sandbox: a path of letters", lambda n: get("/" + "a" * n)),
            measure("sandbox: a path of dots", lambda n: get("/" + "a." * (n // 2))),
            measure("sandbox: a query", lambda n: get("/?ssoToken=" + "a" * n)),
            measure("Visit: a location", lambda n: show(location="eyJ" * (n // 3))),
            measure("Visit: dots", lambda n: show(location="eyJ" + "." * n)),
            measure("Visit: a page", lambda n: show(text="eyJ-" * (n // 4))),
        ]
    return int(max(ratios) > MOST)


def show(**ending: str) -> str:
    """What a failed assertion prints."""
    return repr(Visit(302, **ending))  # type: ignore[arg-type]  # only texts


def measure(name: str, act: Callable[[int], object]) -> float:
    """How many times as long four times the input takes; prints it."""
    short, long = (quickest(act, LETTERS * factor) for factor in (1, 4))
    ratio = long / short
    print(f"{name:28} {short * 1e3:9.2f} ms {long * 1e3:9.2f} ms   x {ratio:4.1f}")
    return ratio


def quickest(act: Callable[[int], object], letters: int) -> float:
    """Seconds of the quickest of some runs."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        act(letters)
        seconds.append(time.perf_counter() - start)
        if seconds[0] > 1:  # more of these say nothing new
            break
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())

"""Whatever fails, no error reporter finds the secret or a live token in our frames."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.failures import AFTER_SIGNING, FAILURES
from support.outside import run_python

PROGRAM = Path(__file__).parent / "support" / "reporters.py"

#: What each reporter finds, were it there.
PLAIN = {"text", "bytes", "list", "mapping"}
FINDS = {
    "sentry": PLAIN | {"masked record"},
    "elastic": PLAIN,
    "walk": PLAIN | {"masked record", "masked slot", "masked object"},
}


@pytest.fixture(scope="module")
def report() -> Any:
    """What the reporters found, in a process that they may patch."""
    return json.loads(run_python(str(PROGRAM)))


@pytest.mark.parametrize("reporter", FINDS)
def test_control(report, reporter):
    """Each finds what lies open in a frame of ours."""
    assert FINDS[reporter] <= set(report["control"][reporter])


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("reporter", FINDS)
def test_nothing_is_found(report, failure, reporter):
    """Though it has seen frames of ours."""
    assert report["cases"][failure]
    for case in report["cases"][failure]:
        assert case[reporter]["found"] == []
        # Sentry does not make an event of a line at INFO.
        if (reporter, failure) != ("sentry", "signed_in"):
            assert case[reporter]["functions"]


@pytest.mark.parametrize("failure", FAILURES)
def test_what_is_signed_when_it_fails(report, failure):
    """Where a token is there to be found, and where none is."""
    for case in report["cases"][failure]:
        assert bool(case["signed"]) is (failure in AFTER_SIGNING)

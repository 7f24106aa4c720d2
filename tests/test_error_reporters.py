"""Whatever fails, no error reporter finds the secret or a live token in our frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.failures import FAILURES
from support.processes import run_python

PROGRAM = Path(__file__).parent / "support" / "reporters.py"

#: What each reporter finds, were it there.
FINDS = {
    "sentry": {"text", "bytes", "list", "mapping", "masked record"},
    "elastic": {"text", "bytes", "list", "mapping"},
    "stdlib": {"text", "bytes", "list", "mapping"},
    "walk": {"text", "bytes", "list", "mapping", "masked record"}
    | {"masked slot", "masked object"},
}


@pytest.fixture(scope="module")
def report() -> Any:
    """What the reporters found, in a process that they may patch."""
    done = run_python(str(PROGRAM))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("reporter", FINDS)
def test_control(report, reporter):
    """Each would have found what lies open in a frame of ours."""
    assert FINDS[reporter] <= set(report["control"][reporter])


@pytest.mark.parametrize("reporter", FINDS)
@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_is_found(report, failure, reporter):
    cases = {
        name: case
        for name, case in report["cases"].items()
        if name.startswith(f"{failure}, ")
    }
    assert cases
    for name, case in cases.items():
        assert case["found"][reporter] == [], name
        # Sentry does not make an event of a line at INFO.
        sees = (reporter, failure) != ("sentry", "signed_in")
        assert bool(case["seen"][reporter]) is sees, name


def test_tokens_were_live(report):
    """What fails after the signing fails beside a token."""
    cases = report["cases"].items()
    late = {name.partition(",")[0] for name, case in cases if case["tokens"]}
    assert late == {
        "token_too_long",
        "receiver_of_token_issued",
        "receiver_of_created_token",
        "user_id",
        "read_token",
        "signed_in",
    }

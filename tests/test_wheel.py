from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

import flask_feedbackchimp
from example import CHECKOUT


@pytest.mark.skipif(
    "FEEDBACKCHIMP_TEST_WHEEL" not in os.environ,
    reason="FEEDBACKCHIMP_TEST_WHEEL is not set; “make test” sets it",
)
def test_the_installed_wheel_is_tested_and_not_the_source_tree():
    package = Path(flask_feedbackchimp.__file__).parent
    assert package.is_relative_to(sysconfig.get_path("purelib"))
    assert package != CHECKOUT / "flask_feedbackchimp"

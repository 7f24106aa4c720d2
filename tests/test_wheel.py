import os
import sysconfig
from pathlib import Path

import pytest

import flask_feedbackchimp


@pytest.mark.skipif(
    "FEEDBACKCHIMP_TEST_WHEEL" not in os.environ,
    reason="FEEDBACKCHIMP_TEST_WHEEL is not set; “make test” sets it",
)
def test_wheel_is_tested():
    """And not the source tree."""
    package = Path(flask_feedbackchimp.__file__)
    assert package.is_relative_to(sysconfig.get_path("purelib"))
    assert not package.is_relative_to(Path(__file__).parents[1] / "flask_feedbackchimp")

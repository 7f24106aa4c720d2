import os
import sysconfig
from pathlib import Path

import flask_feedbackchimp

ROOT = Path(__file__).parents[1]


def test_what_is_tested():
    """Under tox the installed wheel and not the source tree; else the source tree."""
    package = Path(flask_feedbackchimp.__file__).parent
    if "FEEDBACKCHIMP_TEST_WHEEL" in os.environ:
        assert package.parent == Path(sysconfig.get_path("purelib"))
        assert package != ROOT / "flask_feedbackchimp"
    else:
        assert package == ROOT / "flask_feedbackchimp"

"""The example app, loaded from its folder.

Its parent folder must not be on ``sys.path``: the package's source tree lies there,
and would be found before the wheel that is being tested.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).parents[2]


def load_example_app() -> ModuleType:
    """The package ``example_app``; its modules can be imported from then on."""
    if "example_app" not in sys.modules:
        init = CHECKOUT / "example_app" / "__init__.py"
        spec = spec_from_file_location("example_app", init)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        sys.modules["example_app"] = module
        spec.loader.exec_module(module)
    return sys.modules["example_app"]

"""Say what keeps a tag from being released: python tools/check_release.py v1.0.0"""

from __future__ import annotations

import re
import sys
from configparser import ConfigParser
from pathlib import Path


def find_problems(tag: str) -> list[str]:
    """What the files in the current folder say that does not fit the tag."""
    setup_cfg = ConfigParser()
    setup_cfg.read("setup.cfg", "utf-8")
    version = setup_cfg["metadata"]["version"]
    problems = []
    if tag != f"v{version}":
        problems.append(f"The tag is {tag}, but setup.cfg says version {version}.")
    changes = Path("CHANGES.md").read_text("utf-8")
    if re.search(r"^## .*unreleased", changes, re.M | re.I):
        problems.append("CHANGES.md says “unreleased”: write the date.")
    for page in [Path("README.md"), *sorted(Path("docs").glob("*.md"))]:
        if re.search(r"pip install (?:.* )?\.$", page.read_text("utf-8"), re.M):
            problems.append(
                f"{page} says “pip install .”: write “pip install flask-feedbackchimp”."
            )
    return problems


if __name__ == "__main__":
    found = find_problems(sys.argv[1])
    if found:
        sys.exit("\n".join(found))

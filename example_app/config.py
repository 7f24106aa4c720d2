"""Settings: defaults for development, then ``FLASK_*`` variables, then arguments."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

# For development on this machine alone: in production set FLASK_SECRET_KEY,
# FLASK_FEEDBACKCHIMP_JWT_SECRET, FLASK_FEEDBACKCHIMP_ORGANIZATION,
# FLASK_SQLALCHEMY_DATABASE_URI and FLASK_SESSION_COOKIE_SECURE=true.
DEVELOPMENT = {
    "SQLALCHEMY_DATABASE_URI": "sqlite:///daybook.db",
    # A name of its own, because cookies ignore ports: another app on localhost would
    # overwrite a cookie named "session".
    "SESSION_COOKIE_NAME": "daybook_session",
    "SESSION_COOKIE_SAMESITE": "Lax",
    "FEEDBACKCHIMP_ADMIN_EMAILS": ["boss@example.com"],
}
DEVELOPMENT_BOARD = "http://localhost:5001"


def configure(app: Flask, config: Mapping[str, Any]) -> None:
    """Load an app's settings, and make the secrets that are not configured."""
    app.config.from_mapping(DEVELOPMENT)
    app.config.from_prefixed_env()
    app.config.from_mapping(config)
    if app.config.get("FEEDBACKCHIMP_ORGANIZATION") is None:
        app.config.setdefault("FEEDBACKCHIMP_BOARD_URL", DEVELOPMENT_BOARD)
    folder = Path(app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    for key in ("SECRET_KEY", "FEEDBACKCHIMP_JWT_SECRET"):
        if app.config.get(key) is None:
            app.config[key] = _development_secret(folder / key.lower())


def _development_secret(path: Path) -> str:
    """The secret in a file; a new random one where there is no file yet.

    Random rather than committed, so that no copy of this code knows another's.
    """
    try:
        with open(path, "x", encoding="ascii", opener=_for_owner_alone) as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _for_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)

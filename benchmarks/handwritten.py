"""The view that a careful engineer writes by hand instead of using the extension.

Frozen: every ratio is relative to it, so it is not changed, neither to flatter the
extension nor to follow it.
"""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from flask import Blueprint, abort, current_app, redirect, request
from flask_login import current_user, login_required

blueprint = Blueprint("handwritten", __name__)

BOARD = urlsplit("https://acme.feedbackchimp.space/")


def make_token(user: Any) -> str:
    now = int(time.time())
    claims = {"email": user.email, "name": user.name, "jti": str(uuid.uuid4())}
    claims |= {"iat": now, "exp": now + 300}
    return jwt.encode(claims, current_app.config["JWT_SECRET"], algorithm="HS256")


@blueprint.get("/sso/feedbackchimp")
@login_required
def sso() -> Any:
    page = urlsplit(request.args.get("redirect") or BOARD.geturl())
    if (page.scheme, page.netloc) != (BOARD.scheme, BOARD.netloc):
        abort(400)
    query = parse_qsl(page.query, keep_blank_values=True)
    query.append(("ssoToken", make_token(current_user)))
    return redirect(page._replace(query=urlencode(query)).geturl())

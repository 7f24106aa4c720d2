"""The recipes of docs/recipes.md, each run as it is printed there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ecosystem.plain import Member, make_plain
from ecosystem.walking import EMAIL, PAGE, PASSWORD, PREFIX, SECRET, USERNAME, settings
from flask_feedbackchimp import FeedbackChimp
from flask_feedbackchimp.testing import StandInBoard, Visit
from support.documents import ROOT, snippets

RECIPES = ROOT / "docs" / "recipes.md"
SETTINGS = settings("https://acme.feedbackchimp.space")
Names = dict[str, Any]


def _app(names: Names) -> Flask:
    app = make_plain(SETTINGS, init=False)
    app.login_manager.refresh_view = "login"
    names.get("feedbackchimp", FeedbackChimp()).init_app(app)
    return app


def _log_in(app: Flask, client: FlaskClient, login_url: str) -> Visit:
    back = client.post(login_url, data={"password": PASSWORD})
    return StandInBoard(app).visit(client, back.location)


def _arrive(app: Flask) -> FlaskClient:
    """Somebody who logged in and was signed in to the board once."""
    client = app.test_client()
    asked = StandInBoard(app).log_in(client, PAGE)
    visit = _log_in(app, client, asked.location)
    assert (visit.claims["email"], visit.page) == (EMAIL, PAGE)
    return client


def impersonating(names: Names) -> None:
    app = _app(names)
    client = _arrive(app)
    with client.session_transaction() as session:
        session["impersonator_id"] = "root"
    visit = StandInBoard(app).log_in(client, PAGE)
    assert (visit.status, visit.reason) == (403, "impersonating")
    assert "return to your own account" in visit.text


def fresh(names: Names) -> None:
    app = _app(names)
    client = _arrive(app)
    with client.session_transaction() as session:
        session["_fresh"] = False
    asked = StandInBoard(app).log_in(client, PAGE)
    assert asked.location.startswith("/login?next=")
    visit = _log_in(app, client, asked.location)
    assert (visit.claims["email"], visit.page) == (EMAIL, PAGE)


def roles(names: Names) -> None:
    app = _app(names)
    client = _arrive(app)
    app.login_manager.user_loader(lambda id: Trainee())
    visit = StandInBoard(app).log_in(client, PAGE)
    assert (visit.status, visit.reason) == (403, "identity_refused")


class Trainee(Member):
    """Somebody with a role that the recipe does not name."""

    roles = ("trainee",)


def rate(names: Names) -> None:
    app = make_plain(SETTINGS, init=False)
    names["limit_sign_ins"](app)
    client = _arrive(app)  # asks for the endpoint twice
    statuses = [client.get(PREFIX).status_code for _ in range(9)]
    assert statuses == [302] * 8 + [429]
    limited = client.get(PREFIX)
    assert limited.headers["Cache-Control"] == "no-store"
    assert client.get("/page").status_code == 200


def count(names: Names) -> None:
    client = _arrive(_app(names))
    client.get(f"{PREFIX}?redirect=https://evil.example/")
    assert names["outcomes"] == {"signed in": 1, "page_foreign": 1}


def mail(names: Names) -> None:
    app = _app(names)
    app.config.update(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https")
    with app.app_context():
        text = names["write_mail"]("Ada")
    (link,) = re.findall(r"https://\S+", text)
    assert link.startswith(f"https://shop.example{PREFIX}?")
    assert "ssoToken" not in link
    client = app.test_client()
    asked = StandInBoard(app).visit(client, link)
    visit = _log_in(app, client, asked.location)
    assert visit.page == "/board/1002-feature-requests?sort=new"


def tenants(names: Names) -> None:
    site = names["create_site"](
        {
            name: {
                "secret_key": f"the-key-of-the-sessions-of-{name}",
                "jwt_secret": f"{SECRET}-{name}",
                "organization": name,
            }
            for name in ("acme", "umbrella")
        }
    )
    names["login_manager"].user_loader(lambda id: Member())
    for mount, app in site.mounts.items():
        client = app.test_client()
        with client.session_transaction(base_url=f"http://localhost{mount}") as session:
            session["_user_id"] = USERNAME
        answer = client.get(PREFIX, base_url=f"http://localhost{mount}")
        board = urlsplit(answer.location)
        assert board.hostname == f"{mount[1:]}.feedbackchimp.space"
        assert StandInBoard(app).open(answer.location).claims["email"] == EMAIL
        assert client.get_cookie("session", path=mount)


#: What must come of each recipe, by its heading.
CHECKS: dict[str, Callable[[Names], None]] = {
    "Turn away someone who is impersonating a user": impersonating,
    "Require a fresh login": fresh,
    "Let only some roles in": roles,
    "Limit the rate": rate,
    "Count sign-ins": count,
    "Put a link into an e-mail": mail,
    "Serve several tenants, an app each": tenants,
}


def test_every_recipe_has_a_check():
    """And one snippet."""
    headings = re.findall(r"^## (.+)$", RECIPES.read_text("utf-8"), re.M)
    assert headings == list(CHECKS)
    assert len(_snippets()) == len(CHECKS)


@pytest.mark.parametrize("heading", CHECKS)
def test_a_recipe_does_what_its_heading_says(heading, monkeypatch):
    """Copied as it stands."""
    monkeypatch.setattr(Member, "roles", ("customer",), raising=False)
    names: Names = {"__name__": "recipe"}
    exec(_snippets()[list(CHECKS).index(heading)], names)
    CHECKS[heading](names)


def _snippets() -> list[str]:
    # "py" marks what needs more than we do, and so runs only here.
    found = [*snippets(RECIPES, "python"), *snippets(RECIPES, "py")]
    return [snippet.code for snippet in sorted(found, key=lambda s: s.line)]

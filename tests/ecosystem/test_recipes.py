"""The recipes of docs/recipes.md, each run as it is printed there."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ecosystem.plain import make_plain
from ecosystem.walking import EMAIL, PAGE, PASSWORD, PREFIX
from flask_feedbackchimp import FeedbackChimp
from flask_feedbackchimp.testing import StandInBoard
from support.documents import DOCS, snippets

RECIPES = DOCS / "recipes.md"
BOARD = "https://acme.feedbackchimp.space"
Names = dict[str, Any]


def make(names: Names) -> Flask:
    app = make_plain(BOARD, init=False)
    app.login_manager.refresh_view = "login"
    names.get("feedbackchimp", FeedbackChimp()).init_app(app)
    return app


def log_in(board: StandInBoard, client: FlaskClient, login_url: str) -> str:
    """Log in, and say which page of the board that leads to."""
    assert login_url.startswith("/login?next=")
    back = client.post(login_url, data={"password": PASSWORD})
    visit = board.visit(client, back.location)
    assert visit.claims["email"] == EMAIL
    return visit.page


def arrive(app: Flask) -> tuple[StandInBoard, FlaskClient]:
    """The board, and somebody who logged in and was signed in there once."""
    board, client = StandInBoard(app), app.test_client()
    assert log_in(board, client, board.log_in(client, PAGE).location) == PAGE
    return board, client


def impersonating(names: Names) -> None:
    board, client = arrive(make(names))
    with client.session_transaction() as session:
        session["impersonator_id"] = "root"
    visit = board.log_in(client, PAGE)
    assert (visit.status, visit.reason) == (403, "impersonating")
    assert "return to your own account" in visit.text


def fresh(names: Names) -> None:
    board, client = arrive(make(names))
    with client.session_transaction() as session:
        session["_fresh"] = False
    assert log_in(board, client, board.log_in(client, PAGE).location) == PAGE


def rate(names: Names) -> None:
    app = make_plain(BOARD, init=False)
    names["limit_sign_ins"](app)
    _, client = arrive(app)  # asks for the endpoint three times
    statuses = [client.get(PREFIX).status_code for _ in range(8)]
    assert statuses == [302] * 7 + [429]
    assert client.get("/page").status_code == 200


#: What must come of each recipe, in the order of the page.
CHECKS = (impersonating, fresh, rate)
# "py" marks what needs more than we do, and so runs only here.
SNIPPETS = [snippet.code for snippet in snippets(RECIPES, "python", "py")]


def test_every_recipe_has_one_snippet():
    headings = re.findall(r"^## ", RECIPES.read_text("utf-8"), re.M)
    assert len(headings) == len(SNIPPETS) == len(CHECKS)


@pytest.mark.parametrize(("check", "code"), [*zip(CHECKS, SNIPPETS, strict=False)])
def test_recipe(check, code):
    """Copied as it stands, it does what its heading says."""
    names: Names = {"__name__": "recipe"}
    exec(code, names)
    check(names)

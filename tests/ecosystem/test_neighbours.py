"""Other extensions in the same app, each alone and all at once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from flask_debugtoolbar import DebugToolbarExtension
from flask_talisman import Talisman
from werkzeug.middleware.proxy_fix import ProxyFix

from ecosystem.neighbours import NEIGHBOURS
from ecosystem.plain import make_plain
from ecosystem.walking import JWT, PREFIX, Browser, Front, walk
from flask_feedbackchimp import FeedbackChimp

#: Which extension comes first decides whose ``after_request`` has the last word.
ORDERS = ["neighbours first", "neighbours last"]


def _walk_among(neighbours: list[Any], order: str, board: Any, serve: Any) -> None:
    app = make_plain(board.settings(), init=False)
    if order == "neighbours last":
        FeedbackChimp(app)
    settled = [neighbour(app) for neighbour in neighbours]
    for neighbour in settled:
        next(neighbour)
    if order == "neighbours first":
        FeedbackChimp(app)
    walked = walk(board, serve(app))
    for neighbour in settled:
        with suppress(StopIteration):
            neighbour.send(walked)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_the_walk_with_a_neighbour(name, order, board, serve, record_property):
    """Both do their work, whichever was set up first."""
    record_property("row", name)
    _walk_among([NEIGHBOURS[name]], order, board, serve)


@pytest.mark.parametrize("order", ORDERS)
def test_the_walk_with_all_neighbours_at_once(order, board, serve):
    """All of them do their work in one app."""
    _walk_among(list(NEIGHBOURS.values()), order, board, serve)


def test_the_walk_where_flask_talisman_forces_https(board, serve):
    """The board still has the http:// address; the deep link survives that, too."""
    app = make_plain(board.settings())
    Talisman(app, referrer_policy="no-referrer")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)
    front = Front("shop.example", serve(app))
    walked = walk(board, "http://shop.example", front=front)
    assert walked.hop.url.startswith("https://")


def test_the_default_of_flask_talisman_replaces_the_referrer_policy(board, serve):
    """Where no token is sent: the table says so, with the way around it."""
    app = make_plain(board.settings(), init=False)
    Talisman(app, force_https=False)
    FeedbackChimp(app)
    app_url = serve(app)
    board.send_people_to(app_url)
    answer = Browser().send(board.sso_url)
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_the_default_of_flask_debugtoolbar_shows_the_token(board, serve):
    """It catches the redirect in a page: the table says what to switch off."""
    app = make_plain(board.settings())
    app.config["DEBUG_TB_ENABLED"] = True
    DebugToolbarExtension(app)
    board.send_people_to(serve(app))
    with pytest.raises(AssertionError, match="/login"):
        walk(board, board.sso_url.removesuffix(PREFIX))
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
    browser = Browser()
    browser.log_in(browser.go(board.sso_url))
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = True
    shown = browser.send(board.sso_url)
    assert shown.status == 200
    assert JWT.search(shown.text)

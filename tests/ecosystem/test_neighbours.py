"""Whole stacks, and other extensions in one app, each by itself and all at once."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
from flask_debugtoolbar import DebugToolbarExtension
from flask_talisman import Talisman
from werkzeug.middleware.proxy_fix import ProxyFix

from ecosystem.neighbours import NEIGHBOURS
from ecosystem.plain import make_plain
from ecosystem.stacks import STACKS, flask_appbuilder, flask_security
from ecosystem.walking import JWT, PREFIX, Browser, walk
from flask_feedbackchimp import FeedbackChimp


@pytest.mark.parametrize("name", STACKS)
def test_stack(name, board, serve):
    """Its own login leads from the board back to the very page."""
    walk(board, serve(STACKS[name](board.url)).url)


def test_unconfirmed_address_of_flask_security(board, serve):
    """Its owner is logged in, and turned away by the identity loader."""
    app_url = serve(flask_security(board.url, confirmed=False)).url
    browser = Browser()
    refused = browser.log_in(browser.go(app_url + PREFIX))
    assert (refused.url, refused.status) == (app_url + PREFIX, 403)
    assert "identity_refused" in refused.text


def test_default_login_view_of_flask_appbuilder(board, serve):
    """Nobody gets to its login: the table names the remedy."""
    app_url = serve(flask_appbuilder(board.url, login_view="login")).url
    assert Browser().send(app_url + PREFIX).status == 500


# Which extension comes first decides whose ``after_request`` has the last word.
we_come = pytest.mark.parametrize("we_come", ["first", "last"])


@we_come
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbour(name, we_come, board, serve):
    """Both sides do their work, whichever is set up first."""
    walk_beside([name], we_come, board, serve)


@we_come
def test_all_neighbours(we_come, board, serve):
    walk_beside(NEIGHBOURS, we_come, board, serve)


def walk_beside(names: Iterable[str], we_come: str, board: Any, serve: Any) -> None:
    """Walk through an app with these neighbours, and have each check what it saw."""
    app = make_plain(board.url, init=we_come == "first")
    neighbours = [NEIGHBOURS[name](app) for name in names]
    for neighbour in neighbours:
        next(neighbour)
    if we_come == "last":
        FeedbackChimp(app)
    walked = walk(board, serve(app).url)
    for neighbour in neighbours:
        with suppress(StopIteration):
            neighbour.send(walked)


def test_flask_talisman_forces_https(board, serve):
    """The board still has the http:// address; the deep link survives that, too."""
    app = make_plain(board.url)
    Talisman(app, referrer_policy="no-referrer")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)
    walked = walk(board, "http://shop.example", serve(app).url)
    assert walked.hop.url.startswith("https://")


def test_default_policy_of_flask_talisman(board, serve):
    """It replaces ours, which leaks nothing: the table names the way around it."""
    app = make_plain(board.url, init=False)
    Talisman(app, force_https=False)
    FeedbackChimp(app)
    answer = Browser().send(serve(app).url + PREFIX)
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_default_of_flask_debugtoolbar(board, serve):
    """It shows the redirect as a page, with the token: the table names the remedy."""
    app = make_plain(board.url)
    app.config["DEBUG_TB_ENABLED"] = True
    DebugToolbarExtension(app)
    default = app.config["DEBUG_TB_INTERCEPT_REDIRECTS"]
    sso_url, browser = serve(app).url + PREFIX, Browser()
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
    browser.log_in(browser.go(sso_url))
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = default
    shown = browser.send(sso_url)
    assert shown.status == 200
    assert JWT.search(shown.text)

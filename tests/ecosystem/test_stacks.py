"""Whole stacks: their login leads to the board."""

from __future__ import annotations

import pytest

from ecosystem.stacks import STACKS, flask_appbuilder, flask_security
from ecosystem.walking import PREFIX, Browser, walk


@pytest.mark.parametrize("name", STACKS)
def test_the_walk_leads_through_the_login_of_a_whole_stack(
    name, board, serve, record_property
):
    """From the board through its login page, and back to the very page."""
    record_property("row", name)
    walk(board, serve(STACKS[name](board.settings())))


def test_an_unconfirmed_address_of_flask_security_gets_no_token(board, serve):
    """Its owner is logged in, and turned away by the identity loader."""
    app_url = serve(flask_security(board.settings(), confirmed=False))
    board.send_people_to(app_url)
    browser = Browser()
    refused = browser.log_in(browser.go(app_url + PREFIX))
    assert (refused.url, refused.status) == (app_url + PREFIX, 403)
    assert "identity_refused" in refused.text


def test_flask_appbuilder_names_a_login_view_that_there_is_not(board, serve):
    """As it comes, nobody gets to its login: the table names the remedy."""
    app_url = serve(flask_appbuilder(board.settings(), login_view="login"))
    assert Browser().send(app_url + PREFIX).status == 500

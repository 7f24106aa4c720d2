"""Finding the link to the board on a page of the app."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

from werkzeug.test import TestResponse
from werkzeug.urls import iri_to_uri

from ..settings import AppState
from .reading import Link, read_page


def links_on(response: TestResponse) -> list[Link]:
    """The links on a page that stay in its app, as paths.

    Below a mount point, links begin with its path, which is not the app's own.
    """
    here = response.request.url
    root = iri_to_uri(response.request.root_url).rstrip("/")
    links = [
        Link(iri_to_uri(urljoin(here, link.url)).removeprefix(root), link.text)
        for link in read_page(response.text).links
    ]
    return [link for link in links if link.url.startswith("/")]


def sign_on_link(
    links: list[Link], state: AppState, *, text: str | None, page: str | None
) -> str:
    """The path of the one link to the redirect endpoint that is meant.

    :param text: what the link says, if that matters.
    :param page: the absolute URL of the page it leads to, if that matters.
    :raises AssertionError: there is none, or more than one.
    """
    prefix = state.settings.url_prefix
    found = [link for link in links if urlsplit(link.url).path.endswith(prefix)]
    if not found:
        raise AssertionError(
            f"No link leads to {prefix}; is it shown only to logged-in users? "
            f"{_listed(links)}"
        )
    meant = [
        link
        for link in found
        if text in (None, link.text) and page in (None, page_of(link, state))
    ]
    if len({link.url for link in meant}) == 1:
        return meant[0].url
    problem = "More than one link is meant" if meant else "No link is meant"
    raise AssertionError(f"{problem}: give text or page of one. {_listed(found)}")


def page_of(link: Link, state: AppState) -> str:
    """The absolute URL of the page on the board that a link leads to."""
    query = parse_qs(urlsplit(link.url).query)
    return query.get(state.settings.redirect_param, [state.require_board().home])[0]


def _listed(links: list[Link]) -> str:
    shown = [f"“{link.text}” to {link.url}" for link in links]
    return f"The page has: {', '.join(shown) or 'no link'}."

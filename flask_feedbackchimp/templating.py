"""Links to the redirect endpoint, for templates; no token is ever made here."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from flask import current_app, has_request_context, request, url_for
from markupsafe import Markup, escape

from .board import PAGE_MAX_CHARACTERS, PAGE_MAX_PAIRS, PATH_SAFE, Board
from .errors import SignInRefused
from .settings import AppState, get_state

BLUEPRINT = "feedbackchimp"
ENDPOINT = f"{BLUEPRINT}.redirect"

_ATTRIBUTE = r"[A-Za-z_][A-Za-z0-9_.:-]*"
# Turbo and htmx fetch() links and cannot follow a redirect to another origin, so opt
# out.
_OWN_ATTRIBUTES = {"data-turbo": "false", "hx-boost": "false"}


def mount_path() -> str:
    """The path that the app is mounted at, without a slash at its end."""
    if has_request_context():
        root = request.root_path
    else:
        root = current_app.config["APPLICATION_ROOT"]
    root = root.strip("/")
    return f"/{quote(root, safe=PATH_SAFE)}" if root else ""


def endpoint_path(state: AppState) -> str:
    """The redirect endpoint's path under the app's mount point, without a host."""
    return mount_path() + state.settings.url_prefix


def feedbackchimp_url(page: str | None = None, *, external: bool = False) -> str:
    """The URL of a link that signs the visitor in to the board.

    :param page: a page of the board, as a path (``/board/…``) or an absolute URL; its
        home unless given.
    :param external: give the absolute URL, as ``url_for(…, _external=True)`` builds it,
        for e-mails.
    :return: a path without a host, right under ``SCRIPT_NAME``, unless ``external``;
        while switched off the absolute URL of the board's page itself, if the board is
        known.
    :raises ValueError: the page is not text (an undefined variable, say), not on the
        configured board, or longer than the endpoint takes.
    :raises NotInitializedError: the current app has no ``init_app`` behind it.
    """
    state = get_state()
    settings, board = state.settings, state.settings.board
    if page is None:
        page = ""
    elif not isinstance(page, str):
        raise ValueError(
            "The page of a FeedbackChimp link must be text, or None for the board's "
            f"home, not {type(page).__name__}."
        )
    page_url = page if board is None else _page_url(board, page)
    if board is not None and not settings.enabled:
        return page_url
    query = ""
    if page.strip(" "):
        query = f"?{settings.redirect_param}={quote(page_url, safe='')}"
    path = endpoint_path(state) + query
    if not external:
        return path
    # Only the host is url_for's: it leaves a mount point unquoted, and puts what an
    # app's url_defaults add into the query.
    host = urlsplit(url_for(ENDPOINT, _external=True))
    return f"{host.scheme}://{host.netloc}{path}"


# Pages in templates are nearly always constants, and settings never change.
@lru_cache(maxsize=1024)
def _page_url(board: Board, page: str) -> str:
    """The URL of a page that the endpoint takes."""
    url, problem = "", ""
    try:
        url = board.page(page)
    except SignInRefused as error:
        problem = error.reason
    if problem == "page_too_long" or len(url) > PAGE_MAX_CHARACTERS:
        raise ValueError(
            "The page of a FeedbackChimp link must not be longer than "
            f"{PAGE_MAX_CHARACTERS} characters, percent-encoded, or have more than "
            f"{PAGE_MAX_PAIRS} query pairs."
        )
    if problem:
        raise ValueError(
            "The page of a FeedbackChimp link must be on the configured board, "
            f"{board.home}: give a path such as '/board/1002-feature-requests', or "
            "a URL under that origin, percent-encoded, without white space."
        )
    return url


def feedbackchimp_link(
    text: object, page: str | None = None, **attributes: object
) -> Markup:
    """A link that signs the visitor in to the board, as an HTML ``a`` element.

    :param text: what it says; escaped, unless it is markup already.
    :param page: as for :func:`feedbackchimp_url`.
    :param attributes: more attributes: a trailing underscore is dropped (``class_``),
        other underscores become hyphens (``aria_label``); ``True`` gives one without a
        value, ``False`` and ``None`` leave it out. Values are escaped.
    :raises ValueError: as for :func:`feedbackchimp_url`, or an attribute is the link's
        own (``href``, ``data-turbo``, ``hx-boost``), is given twice, or its name is not
        valid in HTML.
    """
    values: dict[str, object] = {"href": feedbackchimp_url(page), **_OWN_ATTRIBUTES}
    for key, value in attributes.items():
        name = key.removesuffix("_").replace("_", "-")
        if name.lower() in values:
            raise ValueError(
                f"A FeedbackChimp link has one {name}: it sets its own, or two were "
                "given."
            )
        if re.fullmatch(_ATTRIBUTE, name) is None:
            raise ValueError(f"{name!r} cannot be the name of an HTML attribute.")
        values[name] = value
    attributes_html = Markup("").join(_attribute(*pair) for pair in values.items())
    # Escaped first, because % would escape an __html__ that returns plain text.
    return Markup("<a%s>%s</a>") % (attributes_html, escape(text))


def _attribute(name: str, value: object) -> Markup:
    if value is None or value is False:
        return Markup("")
    if value is True:
        return Markup(" %s") % name
    if hasattr(value, "__html__"):  # quotes are plain in markup, not in an attribute
        value = Markup(value).unescape()  # noqa: S704  its escapes are undone here
    return Markup(' %s="%s"') % (name, escape(value))

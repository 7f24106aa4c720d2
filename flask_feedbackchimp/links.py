"""Links to the redirect endpoint, for templates; no token is ever made here."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import current_app, has_request_context, request
from markupsafe import Markup, escape

from .destination import PAGE_MAX_CHARACTERS, Board, Page
from .state import AppState, get_state

# RFC 3986 §3.3, what may stand in a path as it is.
_PATH_SAFE = "/!$&'()*+,;=:@"
_ATTRIBUTE = r"[A-Za-z_][A-Za-z0-9_.:-]*"
# A script that follows the link in the page's place (Turbo Drive, htmx) could not
# follow the hop to another origin.
_OWN_ATTRIBUTES = {"data-turbo": "false", "hx-boost": "false"}


def endpoint_path(state: AppState) -> str:
    """The redirect endpoint's path under the app's mount point, without a host."""
    if has_request_context():
        root = request.root_path
    else:
        root = current_app.config["APPLICATION_ROOT"]
    root = root.strip("/")
    if not root:
        return state.settings.url_prefix
    return f"/{quote(root, safe=_PATH_SAFE)}{state.settings.url_prefix}"


def feedbackchimp_url(page: str | None = None) -> str:
    """The URL of a link that signs the visitor in on the board.

    :param page: a page of the board, as a path (``/board/…``) or an absolute URL; its
        home unless given.
    :return: a path without a host, right under ``SCRIPT_NAME``; while switched off
        the absolute URL of the board's page itself.
    :raises ValueError: the page is not text (an undefined variable, say), not on the
        configured board, or longer than the endpoint takes.
    :raises NotInitializedError: the current app has no ``init_app`` behind it.
    """
    state = get_state()
    settings, board = state.settings, state.board
    target = board.home if page is None else _linked_page(board, page)
    if not settings.enabled:
        return target.url
    path = endpoint_path(state)
    if target is board.home:
        return path
    return f"{path}?{settings.redirect_param}={quote(target.url, safe='')}"


def _linked_page(board: Board, page: str) -> Page:
    if not isinstance(page, str):
        raise ValueError(
            "The page of a FeedbackChimp link must be text, or None for the board's "
            f"home, not {type(page).__name__}."
        )
    target = board.linked_page(page)
    if target is None:
        raise ValueError(
            "The page of a FeedbackChimp link must be on the configured board, "
            f"{board.home.url}: give a path such as '/board/1002-feature-requests', or "
            "a URL under that origin, percent-encoded, without white space."
        )
    if len(target.url) > PAGE_MAX_CHARACTERS:
        raise ValueError(
            "The page of a FeedbackChimp link must not be longer than "
            f"{PAGE_MAX_CHARACTERS} characters, percent-encoded."
        )
    return target


def feedbackchimp_link(
    text: object, page: str | None = None, **attributes: object
) -> Markup:
    """A link that signs the visitor in on the board, as an HTML ``a`` element.

    :param text: what it says; escaped, unless it is markup already.
    :param page: as for :func:`feedbackchimp_url`.
    :param attributes: more attributes: a trailing underscore is dropped (``class_``),
        other underscores become hyphens (``aria_label``); ``True`` gives one without a
        value, ``False`` and ``None`` leave it out. Values are escaped.
    :raises ValueError: as for :func:`feedbackchimp_url`, or an attribute is the link's
        own (``href``, ``data-turbo``, ``hx-boost``), is given twice or has no possible
        name.
    """
    pairs: dict[str, object] = {"href": feedbackchimp_url(page), **_OWN_ATTRIBUTES}
    for key, value in attributes.items():
        name = key.removesuffix("_").replace("_", "-")
        if name.lower() in pairs:
            raise ValueError(
                f"A FeedbackChimp link has one {name}: it sets its own, or two were "
                "given."
            )
        if re.fullmatch(_ATTRIBUTE, name) is None:
            raise ValueError(f"{name!r} cannot be the name of an HTML attribute.")
        pairs[name] = value
    attributes_html = Markup("").join(
        _attribute(name, value) for name, value in pairs.items()
    )
    # Escaped first, because format() would escape an __html__ that returns plain text.
    return Markup("<a{}>{}</a>").format(attributes_html, escape(text))


def _attribute(name: str, value: object) -> Markup:
    if value is None or value is False:
        return Markup("")
    if value is True:
        return Markup(" {}").format(name)
    if hasattr(value, "__html__"):  # quotes are plain in markup, not in an attribute
        value = Markup(value).unescape()  # noqa: S704  its escapes are undone here
    return Markup(' {}="{}"').format(name, escape(value))

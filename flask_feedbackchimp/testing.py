"""A test kit: proves, without a network, that an app signs its users in to the board.

::

    from flask_feedbackchimp.testing import StandInBoard

    def test_the_nav_link_signs_ada_in(app, client):  # client: Ada is logged in
        visit = StandInBoard(app).click_link(client, on="/")
        assert visit.signed_in
        assert visit.claims["email"] == "ada@example.com"
        assert visit.page == "/"

The app runs as it is, with its own settings. The board is a
:mod:`~flask_feedbackchimp.sandbox` with the app's secret. Nothing in the rest of the
package imports this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.urls import iri_to_uri

from .audit import sign_in_refused
from .errors import SignInRefused
from .sandbox import create_sandbox, get_arrivals
from .sandbox.arrivals import login_url
from .sandbox.state import sandbox_state
from .sandbox.tokens import TOKEN_IN_TEXT
from .settings import configured, get_state

__all__ = ["StandInBoard", "Visit"]

# pytest hides the frames of this module: a failing test shows the user's own line.
__tracebackhide__ = True

# What a browser sends along when somebody clicks a link.
_CLICK = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
}
_APP_ORIGIN = "http://localhost"
_MAX_REDIRECTS = 20  # as browsers
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """How a visit ended: on the board, signed in or not, or before it.

    Its ``repr``, which a failed assertion shows, says so in one line.

    :param status: the HTTP status of the last answer.
    :param text: what the last page says, white space collapsed.
    :param page: where the visitor is on the board, as path, query and fragment;
        ``None`` for a visitor who did not get to a page of it.
    :param claims: what the board was told; empty unless it signed the visitor in.
    :param refused_by: who turned the visitor away, if that happened.
    :param reason: the stable code of a refusal, ``"aborted"`` where the identity loader
        called ``abort()``; ``None`` where the app answered with another error.
    :param location: where the visitor was sent instead, such as the app's login page.
    """

    status: int
    text: str = ""
    page: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict)
    refused_by: Literal["app", "board"] | None = None
    reason: str | None = None
    location: str | None = None

    @property
    def signed_in(self) -> bool:
        """Whether the board signed the visitor in."""
        return bool(self.claims)

    def __repr__(self) -> str:
        return f"<Visit: {TOKEN_IN_TEXT.sub('[token]', self._ending())}>"

    def _ending(self) -> str:
        if self.signed_in:
            return f"signed in as {self.claims['email']} on {self.page}"
        if self.location is not None:
            return f"not signed in, but sent to {self.location} ({self.status})"
        if self.page is not None:
            return f"not signed in, on {self.page} of the board ({self.status})"
        code = self.status if self.reason is None else f"{self.status} {self.reason}"
        who = f"refused by the {self.refused_by}" if self.refused_by else "not sent on"
        is_long = len(self.text) > _SHOWN_CHARACTERS
        text = f"{self.text[:_SHOWN_CHARACTERS]}…" if is_long else self.text
        return f"not signed in, {who} ({code}): {text}"


class StandInBoard:
    """The app's board, played by a sandbox. Each visit is a new browser's there.

    :param app: the app under test, with its own ``FEEDBACKCHIMP_*`` settings.
    :param admins: e-mail addresses of people who administer FeedbackChimp, as the
        board knows them; the app knows those in its own settings.
    :param private: let the board send anonymous visitors straight to the app.
    :raises ValueError: ``FEEDBACKCHIMP_ENABLED`` is ``False``.
    :raises NotInitializedError: the app has no ``init_app`` behind it.
    """

    def __init__(
        self, app: Flask, *, admins: Collection[str] = (), private: bool = False
    ) -> None:
        state = get_state(app)
        if not state.settings.enabled:
            raise ValueError(
                f"FEEDBACKCHIMP_ENABLED of the app {app.name!r} is False, so it signs "
                "nobody in: set it to True in the tests, with a secret for them."
            )
        self._settings = state.settings
        self._board = state.require_board()
        self._sandbox = create_sandbox(
            app.config["FEEDBACKCHIMP_JWT_SECRET"],
            sso_url=f"{_APP_ORIGIN}{self._settings.url_prefix}",
            redirect_param=self._settings.redirect_param,
            return_url=configured(app, "FEEDBACKCHIMP_RETURN_URL"),
            admins=admins,
            private=private,
        )
        # It answers as localhost, for the pages of the app's own board.
        sandbox_state(self._sandbox).origin = self._board.origin

    def click_link(
        self,
        client: FlaskClient,
        on: str = "/",
        *,
        text: str | None = None,
        page: str | None = None,
    ) -> Visit:
        """Click the link to the board on a page of the app.

        :param client: the app's test client, with the visitor's cookies.
        :param on: path or absolute URL of the app's page; redirects are followed.
        :param text: what the link says, where there are several.
        :param page: the page of the board that the link leads to, where there are
            several: a path, or an absolute URL.
        :raises AssertionError: there is no such link on the page, or more than one.
        :raises ValueError: ``page`` is not on the board.
        """
        wanted = None if page is None else self._page_url(page)
        response = _open(client, on, follow_redirects=True)
        links = _Page(response.text).links
        meant = {
            link.url
            for link in links
            if self._is_endpoint(link.url, response)
            and text in (None, link.text)
            and wanted in (None, self._page_of(link.url))
        }
        if len(meant) != 1:
            listed = ", ".join(f"“{link.text}” to {link.url}" for link in links)
            raise AssertionError(
                f"{response.request.path} ({response.status}) has {len(meant)} links "
                f"to {self._settings.url_prefix} with text={text!r} and page={page!r}, "
                f"not 1. All its links: {listed or 'none'}."
            )
        return self._walk(client, meant.pop(), on=response)

    def log_in(
        self,
        client: FlaskClient,
        page: str = "/",
        *,
        form: Mapping[str, str] | None = None,
    ) -> Visit:
        """Click *Log in* on a page of the board, as somebody it does not know yet.

        :param client: the app's test client, with the visitor's cookies.
        :param page: the page of the board: a path, or an absolute URL.
        :param form: what to enter on the app's login page, a value for each field by
            its name. The first form with these fields is sent, with its hidden fields
            (a CSRF token, say). Without it, a visitor who is not logged in stops there.
        :raises AssertionError: no login page came, or none with such a form.
        :raises ValueError: ``page`` is not on the board.
        """
        target = self._page_url(page).removeprefix(self._board.origin)
        url = login_url(sandbox_state(self._sandbox), target)
        url = url.removeprefix(_APP_ORIGIN)  # whatever host the client asks
        if form is None:
            return self._walk(client, url)
        login = self._follow(client, _open(client, url))
        if login.location is not None:
            if self._target(login.location) is not None:
                raise AssertionError("No login page came: the visitor is logged in.")
            login = _open(client, login.location, login, follow_redirects=True)
        action, data = _filled_form(login, form)
        return self._walk(client, action, on=login, data=data)

    def visit(self, client: FlaskClient, url: str | None) -> Visit:
        """Go to a URL of the app, and on to the board if the app sends the visitor.

        :param client: the app's test client, with the visitor's cookies.
        :param url: a path or an absolute URL, such as the ``location`` that the login
            form answered with.
        :raises AssertionError: the URL is ``None``.
        """
        return self._walk(client, _required(url))

    def open(self, url: str | None) -> Visit:
        """Go to a URL of the board, such as one that ``sso_url`` returned.

        :param url: a path, or an absolute URL; the fixed endpoint's, too.
        :raises AssertionError: the URL is ``None``.
        :raises ValueError: it is not on the board.
        """
        url = _required(url)
        visit = self._land(f"{self._board.origin}{url}" if url[:1] == "/" else url)
        if visit is None:
            raise ValueError(f"The URL is not on {self._board.origin}.")
        return visit

    def _walk(self, client: FlaskClient, url: str, **options: Any) -> Visit:
        """Go to a URL of the app, and on as a browser does."""
        reasons: list[str] = []

        def note(_: object, *, reason: str, **__: object) -> None:
            reasons.append(reason)

        with sign_in_refused.connected_to(note):
            response = self._follow(client, _open(client, url, **options))
        status, location = response.status_code, response.location
        if location is not None:
            return self._land(location) or Visit(status, location=location)
        return Visit(
            status,
            _Page(response.text).text,
            refused_by="app" if status >= 400 else None,
            reason=reasons[0] if reasons else None,
        )

    def _follow(self, client: FlaskClient, response: TestResponse) -> TestResponse:
        """Go on while an answer leads to the redirect endpoint, by whichever header."""
        for _ in range(_MAX_REDIRECTS):
            refresh = response.headers.get("Refresh", "")
            url = refresh.partition("url=")[2] or response.location
            if url is None or not self._is_endpoint(url, response):
                return response
            response = _open(client, url, response)
        raise AssertionError(
            f"{response.request.path} leads to itself, {_MAX_REDIRECTS} times over."
        )

    def _is_endpoint(self, url: str, on: TestResponse) -> bool:
        """Whether a URL that an answer names is the redirect endpoint's.

        Below a mount point, its path begins with one that is not the app's own.
        """
        here = urlsplit(on.request.url)
        parts = urlsplit(urljoin(on.request.url, url))
        is_prefix = parts.path.endswith(self._settings.url_prefix)
        return is_prefix and parts.netloc == here.netloc

    def _page_of(self, url: str) -> str | None:
        """The URL of the page on the board that a link leads to, if it is one."""
        pages = parse_qs(urlsplit(url).query).get(self._settings.redirect_param, [])
        try:
            return self._board.requested_page(pages)
        except SignInRefused:
            return None

    def _page_url(self, page: str) -> str:
        try:
            return self._board.page(page)
        except SignInRefused:
            origin = self._board.origin
            raise ValueError(f"{page!r} is not a page of {origin}.") from None

    def _target(self, url: str) -> str | None:
        """Path, query and fragment of a URL that the board answers, else ``None``.

        The path of the return URL is the board's, whatever the host.
        """
        base = self._settings.return_url.base or self._board.origin
        parts = urlsplit(url)
        if parts[:2] not in (urlsplit(base)[:2], urlsplit(self._board.origin)[:2]):
            return None
        target = url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        return target if target[:1] == "/" else f"/{target}"

    def _land(self, url: str) -> Visit | None:
        """Go to a URL of the board in a new browser; ``None`` for any other URL."""
        target = self._target(url)
        if target is None:
            return None
        claims: Mapping[str, object] = {}
        browser = self._sandbox.test_client()
        before = self._last_arrival()
        response = browser.get(target)
        arrival = self._last_arrival()
        if arrival is not before:
            if arrival.reason is not None:
                return Visit(
                    response.status_code,
                    _Page(response.text).text,
                    refused_by="board",
                    reason=arrival.reason,
                )
            # The fragment survives a redirect (RFC 9110 §10.2.2).
            _, mark, fragment = target.partition("#")
            target = arrival.page.removeprefix(self._board.origin) + mark + fragment
            claims = arrival.claims
            response = browser.get(target, follow_redirects=True)
        if response.location is not None:
            return Visit(response.status_code, location=response.location)
        text = _Page(response.text).text
        return Visit(response.status_code, text, page=target, claims=claims)

    def _last_arrival(self) -> Any:
        return next(reversed(get_arrivals(self._sandbox)), None)


class _Link(NamedTuple):
    url: str
    text: str


class _Form(NamedTuple):
    action: str
    names: list[str]
    hidden: dict[str, str]


class _Page(HTMLParser):
    """What a visitor can read, follow and send on a page of HTML or plain text."""

    _UNREAD = frozenset({"script", "style", "template", "title"})
    # Elements that do not part the words before from those after them.
    _INLINE = frozenset({"a", "abbr", "b", "bdi", "code", "em", "i", "span", "strong"})
    _FIELDS = frozenset({"button", "input", "select", "textarea"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[_Link] = []
        #: Those that are posted.
        self.forms: list[_Form] = []
        self._words: list[str] = []
        self._unread = 0
        self._link: tuple[str, int] | None = None
        self._form: _Form | None = None
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """What there is to read, white space collapsed."""
        return _collapsed(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._part_words(tag)
        self._unread += tag in self._UNREAD
        values = {name: value or "" for name, value in attrs}
        name = values.get("name", "")
        if tag == "a" and "href" in values:
            self._link = (values["href"], len(self._words))
        elif tag == "form" and values.get("method", "").lower() == "post":
            self._form = _Form(values.get("action", ""), [], {})
            self.forms.append(self._form)
        elif tag in self._FIELDS and self._form and name:
            self._form.names.append(name)
            if values.get("type", "").lower() == "hidden":
                self._form.hidden[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            url, start = self._link
            self.links.append(_Link(url, _collapsed(self._words[start:])))
            self._link = None
        elif tag == "form":
            self._form = None
        self._part_words(tag)
        self._unread = max(0, self._unread - (tag in self._UNREAD))

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._words.append(data)

    def _part_words(self, tag: str) -> None:
        if tag not in self._INLINE:
            self._words.append(" ")


def _collapsed(words: list[str]) -> str:
    return " ".join("".join(words).split())


def _filled_form(
    page: TestResponse, values: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The URL and the data of the first form that has these fields.

    :raises AssertionError: there is none.
    """
    forms = _Page(page.text).forms
    for form in forms:
        if values.keys() <= set(form.names):
            return form.action, {**form.hidden, **values}
    found = " and ".join(f"one with {', '.join(form.names)}" for form in forms)
    raise AssertionError(
        f"No form with {', '.join(values)} is posted from {page.request.url} "
        f"({page.status}). It has: {found or 'no form that is posted'}."
    )


def _required(url: str | None) -> str:
    if url is None:
        raise AssertionError(
            "There is no URL to go to, but None. If it is an answer's location, that "
            "answer was not a redirect: look at its status and its text."
        )
    return url


def _open(
    client: FlaskClient, url: str, on: TestResponse | None = None, **options: Any
) -> TestResponse:
    """Go to a URL of the app, as it stands on a page or in a header if there is one."""
    method = "POST" if "data" in options else "GET"
    headers = dict(_CLICK)
    if on is not None:
        url = iri_to_uri(urljoin(on.request.url, url))
        # Flask-WTF looks at it where a form comes by https.
        headers["Referer"] = iri_to_uri(on.request.url)
        # A test client takes a mount point and the path below it apart. A URL that is
        # not below it becomes a path that no app has.
        parts = urlsplit(url)
        mount = urlsplit(iri_to_uri(on.request.root_url)).path
        options["base_url"] = f"{parts.scheme}://{parts.netloc}{mount}"
        url = f"/{url.removeprefix(options['base_url'])}"
    return client.open(url, method=method, headers=headers, **options)

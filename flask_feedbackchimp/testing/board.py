"""The app's board, played by the stand-in, and the ways that lead there."""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask
from flask.testing import FlaskClient

from ..audit import sign_in_refused
from ..errors import SignInRefused
from ..sandbox import create_sandbox
from ..sandbox.arrivals import login_url
from ..sandbox.state import sandbox_state
from ..settings import KEYS, get_state
from .landing import land, on_stand_in
from .links import links_on, sign_on_link
from .reading import read_page
from .visit import Visit

# What a browser sends along when somebody clicks a link.
_CLICK = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
}


class StandInBoard:
    """The app's board, played by the stand-in; every visit is a new browser's there.

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
        self._state = get_state(app)
        settings = self._state.settings
        if settings.secret is None:
            raise ValueError(
                f"FEEDBACKCHIMP_ENABLED of the app {app.name!r} is False, so it signs "
                "nobody in: set it to True in the tests, with a secret for them."
            )
        key = "FEEDBACKCHIMP_RETURN_URL"
        self._settings = settings
        self._sandbox = create_sandbox(
            app.config["FEEDBACKCHIMP_JWT_SECRET"],
            sso_url=f"http://localhost{settings.url_prefix}",
            redirect_param=settings.redirect_param,
            return_url=app.config.get(key, KEYS[key][0]),
            admins=admins,
            private=private,
        )
        sandbox_state(self._sandbox).origin = settings.board.origin

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
        target = None if page is None else self._url_of(page)
        response = client.get(on, headers=_CLICK, follow_redirects=True)
        request = response.request
        if response.status_code != 200:
            raise AssertionError(f"{request.path} answered {response.status}.")
        try:
            url = sign_on_link(links_on(response), self._state, text=text, page=target)
        except AssertionError as error:
            raise AssertionError(f"On {request.path}: {error}") from None
        return self._navigate(client, url, base_url=request.root_url)

    def log_in(self, client: FlaskClient, page: str = "/") -> Visit:
        """Click *Log in* on a page of the board, as somebody it does not know yet.

        :param client: the app's test client, with the visitor's cookies.
        :param page: the page of the board: a path, or an absolute URL.
        :raises ValueError: ``page`` is not on the board.
        """
        target = self._url_of(page).removeprefix(self._settings.board.origin)
        state, sso_url = sandbox_state(self._sandbox), self._settings.url_prefix
        url = login_url(state, target, sso_url=sso_url)
        return self._navigate(client, url)

    def visit(self, client: FlaskClient, url: str) -> Visit:
        """Go to a URL of the app, and on to the board if the app sends the visitor.

        :param client: the app's test client, with the visitor's cookies.
        :param url: a path or an absolute URL, such as the ``location`` that the login
            form answered with.
        """
        return self._navigate(client, url)

    def open(self, url: str) -> Visit:
        """Go to a URL of the board, such as one that ``sso_url`` returned.

        :param url: a path, or an absolute URL; the fixed endpoint's, too.
        :raises ValueError: it is not on the board.
        """
        board = self._state.require_board()
        visit = self._land(board.origin + url if url.startswith("/") else url)
        if visit is None:
            raise ValueError(f"The URL is not on {board.origin}.")
        return visit

    def _navigate(
        self, client: FlaskClient, url: str, *, base_url: str | None = None
    ) -> Visit:
        reasons: list[str] = []

        def note(_app: object, *, reason: str, **_: object) -> None:
            reasons.append(reason)

        with sign_in_refused.connected_to(note):
            response = client.get(url, headers=_CLICK, base_url=base_url)
        status, location = response.status_code, response.location
        if location is not None:
            return self._land(location) or Visit(status, location=location)
        return Visit(
            status,
            read_page(response.text).text,
            refused_by="app" if status >= 400 else None,
            reason=reasons[-1] if reasons else None,
        )

    def _land(self, url: str) -> Visit | None:
        board = self._state.require_board()
        target = on_stand_in(url, self._state)
        if target is None:
            return None
        return land(self._sandbox, target, origin=board.origin)

    def _url_of(self, page: str) -> str:
        board = self._state.require_board()
        try:
            return board.page(page)
        except SignInRefused:
            raise ValueError(f"{page!r} is not a page of {board.origin}.") from None

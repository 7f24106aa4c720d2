"""Other extensions in the same app: each is set up, and proves that it was at work.

A neighbour is a generator: it sets itself up, yields, gets what a walk saw, and looks
whether it had a hand in that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, g, request
from jinja2 import ChoiceLoader, DictLoader

from ecosystem.plain import make_plain
from ecosystem.walking import JWT, PREFIX, USERNAME, Walked

Neighbour = Callable[[Flask], Generator[None, Walked, None]]


def flask_limiter(app: Flask) -> Generator[None, Walked, None]:
    """Counts every request; a limit of the endpoint's own is in docs/recipes.md."""
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    Limiter(
        get_remote_address,
        app=app,
        default_limits=["1000 per year"],
        headers_enabled=True,
        storage_uri="memory://",
    )
    walked = yield
    assert walked.hop.headers["X-RateLimit-Limit"] == "1000"


def flask_talisman(app: Flask) -> Generator[None, Walked, None]:
    """Sets headers, a policy with nonces among them; ours stay on the redirect."""
    from flask_talisman import Talisman

    Talisman(
        app,
        force_https=False,  # a walk of its own forces it
        session_cookie_secure=False,
        content_security_policy={"default-src": "'self'", "style-src": "'self'"},
        content_security_policy_nonce_in=["style-src"],
    )
    walked = yield
    (nonce,) = re.findall(r'nonce="(.+?)"', walked.refusal.text)
    assert f"'nonce-{nonce}'" in walked.refusal.headers["Content-Security-Policy"]


def flask_session(app: Flask) -> Generator[None, Walked, None]:
    """Keeps the session on the server: the cookie is only its number."""
    from cachelib import SimpleCache
    from flask_session import Session

    cache = SimpleCache()
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    Session(app)
    walked = yield
    (number,) = [c.value for c in walked.browser.cookies if c.name == "session"]
    kept = cache.get(f"session:{number}")
    assert USERNAME in str(kept)
    assert not JWT.search(str(kept))


def flask_caching(app: Flask) -> Generator[None, Walked, None]:
    """Caches the page that has the link."""
    from flask_caching import Cache

    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    page, rendered = app.view_functions["page"], []

    @cache.cached()
    def cached_page() -> Any:
        rendered.append(request.path)
        return page()

    app.view_functions["page"] = cached_page
    walked = yield
    again = walked.browser.go(walked.home.url)
    assert len(rendered) == 1
    first = walked.browser.send(again.link(walked.endpoint)).location
    assert walked.browser.send(again.link(walked.endpoint)).location != first


def flask_compress(app: Flask) -> Generator[None, Walked, None]:
    """Packs whatever it may."""
    from flask_compress import Compress

    app.config["COMPRESS_MIN_SIZE"] = 0
    Compress(app)
    walked = yield
    assert walked.home.headers["Content-Encoding"] == "gzip"


def flask_babel(app: Flask) -> Generator[None, Walked, None]:
    """Says why a sign-in was refused in the visitor's language."""
    from flask_babel import Babel

    catalog = Catalog("de")
    catalog.add(_english_refusal(app.config), "Dieser Link ist fremd.")
    with TemporaryDirectory() as folder:
        path = Path(folder, "de/LC_MESSAGES/messages.mo")
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalog)
        Babel(
            app,
            default_translation_directories=folder,
            locale_selector=lambda: request.accept_languages.best_match(["en", "de"]),
        )
        override = {"feedbackchimp/message.txt": "{{ _(message) }}"}
        app.jinja_loader = ChoiceLoader([DictLoader(override), app.jinja_loader])
        walked = yield
        german = walked.browser.send(walked.refusal.url, Accept_Language="de")
        assert "Dieser Link ist fremd." in german.text
        assert "Dieser Link ist fremd." not in walked.refusal.text


def _english_refusal(config: Any) -> str:
    client = make_plain(config).test_client()
    url = f"{PREFIX}?redirect=https://evil.example/"
    answer = client.get(url, headers={"Accept": "application/json"})
    message: str = answer.json["message"]
    return message


def flask_wtf(app: Flask) -> Generator[None, Walked, None]:
    """Wants a CSRF token with every form; a POST to the endpoint stays 405."""
    from flask_wtf import CSRFProtect

    CSRFProtect(app)
    walked = yield
    # The walk has seen that a POST to the endpoint is 405, and not this 400.
    login = walked.endpoint.replace(PREFIX, "/login")
    assert walked.browser.send(login, {"password": "x"}).status == 400


def flask_cors(app: Flask) -> Generator[None, Walked, None]:
    """Opens every path to scripts of other origins; they get no token."""
    from flask_cors import CORS

    CORS(app, supports_credentials=True, origins=["https://evil.example"])
    walked = yield
    answer = walked.browser.send(
        walked.endpoint, Origin="https://evil.example", Sec_Fetch_Mode="cors"
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "https://evil.example"
    assert (answer.status, answer.location) == (403, "")


def flask_debugtoolbar(app: Flask) -> Generator[None, Walked, None]:
    """Puts its toolbar into pages; it must leave redirects as they are."""
    from flask_debugtoolbar import DebugToolbarExtension

    app.config.update(DEBUG_TB_ENABLED=True, DEBUG_TB_INTERCEPT_REDIRECTS=False)
    DebugToolbarExtension(app)
    walked = yield
    assert 'id="flDebug"' in walked.home.text


def flask_htmx(app: Flask) -> Generator[None, Walked, None]:
    """Knows htmx: its boosted link navigates for real."""
    from flask_htmx import HTMX

    htmx = HTMX(app)
    boosted = []
    app.before_request(lambda: boosted.append(bool(htmx)))
    walked = yield
    answer = walked.browser.send(walked.endpoint, HX_Request="true")
    assert boosted[-1]
    assert (answer.status, answer.text) == (200, "")
    assert walked.endpoint.endswith(answer.headers["HX-Redirect"])


def flask_principal(app: Flask) -> Generator[None, Walked, None]:
    """Knows who somebody is, and keeps that in the session, too."""
    from flask_login import current_user
    from flask_principal import Identity, Principal

    principal = Principal(app, use_sessions=False)
    principal.identity_loader(lambda: Identity(current_user.get_id()))
    seen = []

    @app.after_request
    def note(response: Any) -> Any:
        seen.append(g.get("identity"))
        return response

    walked = yield
    assert walked.hop.status == 302
    assert seen[-1].id == USERNAME


#: By the name of the distribution.
NEIGHBOURS: dict[str, Neighbour] = {
    "Flask-Limiter": flask_limiter,
    "Flask-Talisman": flask_talisman,
    "Flask-Session": flask_session,
    "Flask-Caching": flask_caching,
    "Flask-Compress": flask_compress,
    "Flask-Babel": flask_babel,
    "Flask-WTF": flask_wtf,
    "Flask-CORS": flask_cors,
    "Flask-DebugToolbar": flask_debugtoolbar,
    "Flask-HTMX": flask_htmx,
    "Flask-Principal": flask_principal,
}

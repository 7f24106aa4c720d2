"""Other extensions in the same app: each is set up, and proves that it was at work.

A neighbour is a generator: it sets itself up, yields, gets what a walk saw, and checks
that it took part in it.
"""

import re
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from cachelib import SimpleCache
from flask import Flask, g, request
from flask_babel import Babel
from flask_caching import Cache
from flask_compress import Compress
from flask_cors import CORS
from flask_debugtoolbar import DebugToolbarExtension
from flask_htmx import HTMX
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_principal import Identity, Principal
from flask_session import Session
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, DictLoader

from ecosystem.plain import make_plain
from ecosystem.walking import JWT, PREFIX, USERNAME, Walked

AtWork = Generator[None, Walked, None]


def flask_limiter(app: Flask) -> AtWork:
    """Counts every request; a limit of the endpoint's own is in docs/recipes.md."""
    app.config.update(RATELIMIT_DEFAULT="1000 per year", RATELIMIT_HEADERS_ENABLED=True)
    Limiter(get_remote_address, app=app, storage_uri="memory://")
    walked = yield
    assert walked.hop.headers["X-RateLimit-Limit"] == "1000"


def flask_talisman(app: Flask) -> AtWork:
    """Sets headers, a policy with nonces among them."""
    Talisman(
        app,
        referrer_policy="no-referrer",  # or it would replace ours
        force_https=False,  # a walk of its own forces it
        session_cookie_secure=False,
        content_security_policy={"default-src": "'self'", "style-src": "'self'"},
        content_security_policy_nonce_in=["style-src"],
    )
    walked = yield
    [nonce] = re.findall(r'nonce="(.+?)"', walked.refusal.text)
    assert f"'nonce-{nonce}'" in walked.refusal.headers["Content-Security-Policy"]


def flask_session(app: Flask) -> AtWork:
    """Keeps the session on the server: the cookie is only its number."""
    cache = SimpleCache()
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    Session(app)
    walked = yield
    [number] = [c.value for c in walked.browser.cookies if c.name == "session"]
    kept = cache.get(f"session:{number}")
    assert USERNAME in str(kept)
    assert not JWT.search(str(kept))


def flask_caching(app: Flask) -> AtWork:
    """Caches the page that has the link."""
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    page, rendered = app.view_functions["page"], []
    app.view_functions["page"] = cache.cached()(lambda: rendered.append(1) or page())
    walked = yield
    again = walked.browser.go(walked.home.url)
    assert len(rendered) == 1
    first = walked.browser.send(again.link(walked.endpoint)).location
    assert walked.browser.send(again.link(walked.endpoint)).location != first


def flask_compress(app: Flask) -> AtWork:
    app.config["COMPRESS_MIN_SIZE"] = 0
    Compress(app)
    walked = yield
    assert walked.home.headers["Content-Encoding"] == "gzip"


def flask_babel(app: Flask) -> AtWork:
    """Says why a sign-in was refused in the visitor's language."""
    catalog = Catalog("de")
    client = make_plain(app.config["FEEDBACKCHIMP_BOARD_URL"]).test_client()
    as_json = {"Accept": "application/json"}
    refused = client.get(f"{PREFIX}?redirect=//", headers=as_json)
    catalog.add(refused.json["message"], "Dieser Link ist fremd.")
    with TemporaryDirectory() as folder:
        path = Path(folder, "de/LC_MESSAGES/messages.mo")
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalog)
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = folder
        spoken = ["en", "de"]
        Babel(app, locale_selector=lambda: request.accept_languages.best_match(spoken))
        override = {"feedbackchimp/message.txt": "{{ _(message) }}"}
        app.jinja_loader = ChoiceLoader([DictLoader(override), app.jinja_loader])
        walked = yield
        german = walked.browser.send(walked.refusal.url, Accept_Language="de")
        assert "Dieser Link ist fremd." in german.text
        assert "Dieser Link ist fremd." not in walked.refusal.text


def flask_wtf(app: Flask) -> AtWork:
    """Wants a CSRF token with every form; a POST to the endpoint stays 405."""
    CSRFProtect(app)
    walked = yield
    login = walked.endpoint.replace(PREFIX, "/login")
    assert walked.browser.send(login, {"password": "x"}).status == 400


def flask_cors(app: Flask) -> AtWork:
    """Opens every path to scripts of other origins; they get no token."""
    CORS(app, supports_credentials=True, origins=["https://evil.example"])
    walked = yield
    script = {"Origin": "https://evil.example", "Sec_Fetch_Mode": "cors"}
    answer = walked.browser.send(walked.endpoint, **script)
    assert answer.headers["Access-Control-Allow-Origin"] == script["Origin"]
    assert (answer.status, answer.location) == (200, "")
    assert not JWT.search(f"{answer.headers}{answer.text}")


def flask_debugtoolbar(app: Flask) -> AtWork:
    """Puts its toolbar into pages; it must leave redirects as they are."""
    app.config.update(DEBUG_TB_ENABLED=True, DEBUG_TB_INTERCEPT_REDIRECTS=False)
    DebugToolbarExtension(app)
    walked = yield
    assert 'id="flDebug"' in walked.home.text


def flask_htmx(app: Flask) -> AtWork:
    """Knows htmx: its boosted link navigates for real."""
    htmx, boosted = HTMX(app), []
    app.before_request(lambda: boosted.append(bool(htmx)))
    walked = yield
    answer = walked.browser.send(walked.endpoint, HX_Request="true")
    assert boosted[-1]
    assert answer.status == 200
    assert walked.endpoint.endswith(answer.headers["HX-Redirect"])


def flask_principal(app: Flask) -> AtWork:
    """Knows who somebody is, and keeps that in the session, too."""
    principal, seen = Principal(app, use_sessions=False), []
    principal.identity_loader(lambda: Identity(current_user.get_id()))
    app.teardown_request(lambda _: seen.append(g.get("identity")))
    yield
    assert seen[-1].id == USERNAME


#: By the name of the distribution.
NEIGHBOURS: dict[str, Callable[[Flask], AtWork]] = {
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

"""What is counted, one workload to a process; started by ``run.py``.

``python workloads.py NAME ITERATIONS`` prepares the workload, checks that it does what
it should, warms it up and runs it twice. It prints facts about it as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

import shop

#: What a workload comes to: something to run, and facts to report.
Workload = tuple[Callable[[], object], dict[str, Any]]

_LINKS = 50


def request(app: Flask, *, cookie: bool = True, token: bool = True) -> Workload:
    """One SSO request through WSGI, the answer read and closed."""
    environ = shop.make_environ(shop.session_cookie(app) if cookie else None)
    started: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        started[:] = status, headers

    def run() -> bytes:
        answer = app.wsgi_app(environ.copy(), start_response)
        body = b"".join(answer)
        answer.close()  # type: ignore[attr-defined]  # WSGI: if it has one; it has
        return body

    body = run()
    location = dict(started[1])["Location"]
    _require(started[0].startswith("302"), "the answer is a redirect")
    _require(("ssoToken=" in location) is token, "a token is in the Location")
    if token:
        before, _, after = location.partition("&ssoToken=")
        text, _, fragment = after.partition("#")
        _require(f"{before}#{fragment}" == shop.PAGE, "the page is kept")
        _check_token(text)
    return run, {"body_bytes": len(body), "body_tokens": body.count(b"ssoToken=")}


def token(app: Flask, create: Callable[[Any], str]) -> Workload:
    """A token about a given user, in an app context."""
    user = shop.User("ada")
    app.app_context().push()
    _check_token(create(user))
    return (lambda: create(user)), {}


def links(call: str) -> Workload:
    """A template of fifty links, rendered within a request."""
    app = shop.make_ours()
    app.jinja_env.globals["constant"] = lambda: shop.ENDPOINT
    line = f'<a href="{{{{ {call} }}}}">Feedback</a>\n'
    template = app.jinja_env.from_string(line * _LINKS)
    app.test_request_context("/").push()
    rendered = f'<a href="{shop.ENDPOINT}">Feedback</a>\n' * _LINKS
    _require(template.render() == rendered.rstrip("\n"), "the links are right")
    return template.render, {}


def growing(kind: str, size: int) -> Workload:
    """One request to an app with many of something."""
    if kind == "admins":
        addresses = [f"admin{number}@example.org" for number in range(size)]
        return request(shop.make_ours(FEEDBACKCHIMP_ADMIN_EMAILS=addresses))
    if kind == "settings":
        settings = {f"SHOP_{number}": number for number in range(size)}
        return request(shop.make_ours(**settings))
    app = shop.make_ours()
    for number in range(size - 1):
        other = Flask(f"shop{number}")
        other.config.update(app.config, FEEDBACKCHIMP_ORGANIZATION=f"acme{number}")
        app.extensions["benchmark"].init_app(other)
    return request(app)


def make_workload(name: str) -> Workload:
    """The workload of a name."""
    kind, _, size = name.partition(":")
    if size:
        return growing(kind, int(size))
    return _WORKLOADS[name]()


def _token_ours() -> Workload:
    app = shop.make_ours()
    return token(app, app.extensions["benchmark"].create_token)


def _token_hand() -> Workload:
    from handwritten import make_token

    return token(shop.make_hand(), make_token)


_WORKLOADS: dict[str, Callable[[], Workload]] = {
    "request-ours": lambda: request(shop.make_ours()),
    "request-hand": lambda: request(shop.make_hand()),
    "request-floor": lambda: request(shop.make_floor(), token=False),
    "request-bare": lambda: request(shop.make_bare(), cookie=False, token=False),
    "token-ours": _token_ours,
    "token-hand": _token_hand,
    "links-ours": lambda: links("feedbackchimp_url()"),
    "links-hand": lambda: links("url_for('feedbackchimp.redirect')"),
    "links-floor": lambda: links("constant()"),
}


def _check_token(text: str) -> None:
    import jwt

    claims = jwt.decode(text, shop.SECRET, algorithms=["HS256"])
    _require(set(claims) == {"email", "name", "jti", "iat", "exp"}, "the five claims")


def _require(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"the workload does not do what it should: {what}")


def _run(work: Callable[[], object], rounds: Iterable[object]) -> None:
    for _ in rounds:
        work()


def main() -> None:
    name, iterations = sys.argv[1], int(sys.argv[2])
    work, facts = make_workload(name)
    # Long enough to fill the caches: urlsplit remembers 128 URLs, each with a token.
    _run(work, range(200))
    for _ in range(2):
        # The same state of the collector at the start of each block.
        gc.collect()
        rounds = range(iterations)
        os.getppid()  # callgrind writes out and clears its counters here
        _run(work, rounds)
        os.getppid()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()

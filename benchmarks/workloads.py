"""What is counted in loops: ``python workloads.py LOOPS NAME…``, started by ``run.py``.

Each workload has its own process, forked when everything is imported. It checks that
it does what it should, warms up, and runs LOOPS times, then three times LOOPS, always
between two calls of ``os.getppid``: there callgrind begins a new count.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import click
from flask import Flask
from flask_login import LoginManager, UserMixin, login_user

BOARD = "https://acme.feedbackchimp.space"
PAGE = "/board/1002-feature-requests"
DEEP_PAGE = f"{BOARD}{PAGE}?sort=top#comments"
SECRET = "benchmark-only-7d1f0b52c9e84a6f8a3be0d4c2"
# What a browser sends when somebody clicks a link.
HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Referer": f"{BOARD}/",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101",
}
Work = Callable[[], Any]


class User(UserMixin):
    id = "ada"
    email = "ada@example.com"
    name = "Ada Lovelace"


def shop(side: str) -> Flask:
    """An app with a login and one of: ``none``; ``hand``, the view written by hand;
    ``ours``, the extension; ``admins``, the same with many."""
    app = Flask("shop")
    app.config.update(SECRET_KEY="the-shop's-own-key-for-its-sessions")
    LoginManager(app).user_loader(lambda id: User())
    app.add_url_rule("/login", "log_in", lambda: str(login_user(User())))
    app.add_url_rule("/about", "about", lambda: "About this shop")
    # How fast Python reads attributes depends on their number: many on both sides.
    vars(app).update({f"shop_{number}": number for number in range(30)})
    app.cli.command("noop")(lambda: click.echo("jwt" in sys.modules))
    if side == "hand":
        from handwritten import blueprint

        app.config.update(JWT_SECRET=SECRET)
        app.register_blueprint(blueprint)
    elif side != "none":
        from flask_feedbackchimp import FeedbackChimp

        admins = [f"{n}@example.org" for n in range(10_000 if side == "admins" else 0)]
        config = {"JWT_SECRET": SECRET, "ORGANIZATION": "acme", "ADMIN_EMAILS": admins}
        app.config.update({f"FEEDBACKCHIMP_{key}": config[key] for key in config})
        app.extensions["benchmark"] = FeedbackChimp(app)
    return app


def request(side: str) -> Work:
    """The whole request of a signed-in visitor who clicks a link to a page."""
    app = shop(side)
    login = app.test_client().get("/login", headers=HEADERS)
    cookie = {"Cookie": login.headers["Set-Cookie"].partition(";")[0]}
    target = f"/sso/feedbackchimp?redirect={quote(DEEP_PAGE, safe='')}"
    work = get(app, target, HEADERS | cookie)
    before, _, after = dict(work()[1])["Location"].partition("&ssoToken=")
    token, _, fragment = after.partition("#")
    assert f"{before}#{fragment}" == DEEP_PAGE
    check(token)
    return work


def other(side: str) -> Work:
    """A stranger's request for something else."""
    work = get(shop(side), "/about", HEADERS)
    assert work()[0] == "200 OK"
    return work


def get(app: Flask, target: str, headers: dict[str, str]) -> Work:
    """A request through WSGI, the answer read and closed."""
    with app.test_request_context(target, headers=headers) as context:
        # Flask-Login ties the session to the address, too.
        environ = context.request.environ | {"REMOTE_ADDR": "127.0.0.1"}
    started: list[Any] = []

    def work() -> Any:
        answer: Any = app.wsgi_app(environ.copy(), lambda *args: started.append(args))
        b"".join(answer)
        answer.close()
        return started.pop()

    return work


def token(side: str) -> Work:
    """A token for a given user, in an app context."""
    from handwritten import make_token

    app, user = shop(side), User()
    app.app_context().push()
    create = make_token if side == "hand" else app.extensions["benchmark"].create_token
    check(create(user))
    return lambda: create(user)


def check(token: str) -> None:
    import jwt

    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}


def link(side: str, ours: str, hand: str) -> Work:
    """A template that has the same link fifty times, rendered within a request."""
    app = shop("ours")
    app.test_request_context("/").push()
    texts = {"ours": ours, "hand": hand}
    work = {key: app.jinja_env.from_string(texts[key] * 50).render for key in texts}
    # Ours names the page by its whole URL, and quotes all of it.
    assert len({unquote(render()).replace(BOARD, "") for render in work.values()}) == 1
    return work[side]


URL = "{{ url_for('feedbackchimp.redirect') }}"
URL_TO_PAGE = URL.replace("')", f"', redirect='{PAGE}')")
LINK = "{{ feedbackchimp_link('Vote on features', class_='nav-link') }}"
LINK_TO_PAGE = LINK.replace("class", f"page='{PAGE}', class")
OPEN = '<a href="'
REST = '" data-turbo="false" hx-boost="false" class="nav-link">Vote on features</a>'
#: Each link, by the extension and by hand.
LINKS = {
    "link": (LINK, OPEN + URL + REST),
    "link-page": (LINK_TO_PAGE, OPEN + URL_TO_PAGE + REST),
    "url": ("{{ feedbackchimp_url() }}", URL),
    "url-page": (f"{{{{ feedbackchimp_url('{PAGE}') }}}}", URL_TO_PAGE),
}


def count(name: str, loops: int) -> None:
    kind, side = name.split()
    work = link(side, *LINKS[kind]) if kind in LINKS else globals()[kind](side)
    # urlsplit() remembers 128 URLs, each with its token; a template has fifty links.
    for rounds in (10 if kind in LINKS else 150, loops, 3 * loops):
        gc.collect()
        gc.freeze()  # each begins with the same state of the collector
        os.getppid()
        for _ in range(rounds):
            work()
        os.getppid()


if __name__ == "__main__":
    shop("ours"), shop("hand")  # imports what all that are forked need
    for name in sys.argv[2:]:
        child = os.fork()
        if not child:
            count(name, int(sys.argv[1]))
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(f"{name} failed")
        print(child)

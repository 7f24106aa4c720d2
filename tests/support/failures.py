"""Ways to fail: each is a function of an app that has Ada, and raises or logs.

Whatever goes wrong, an error reporter gets to see the frames that it went through.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any, NoReturn

from flask import Flask
from flask_login import current_user
from jinja2 import DictLoader

from flask_feedbackchimp import Identity, sign_in_refused, token_issued, tokens
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.state import get_state
from support.apps import BOARD, PREFIX, SECRET, User, logged_in, make_app, plain

#: The return URL in each of its forms.
FORMS = {
    "page": "{page}?ssoToken={token}",
    "board path": "/api/sso?ssoToken={token}&redirect={page}",
    "absolute URL": "https://login.example.net/jwt?jwt={token}&return_to={page}",
    "token in path": "/sso/{token}?to={page}",
}

FAILURES: dict[str, Callable[[Flask], object]] = {}

_PAGE = f"{BOARD}/board/1"
_FOREIGN = "https://evil.example/"


def _fails(failure: Callable[[Flask], object]) -> Callable[[Flask], object]:
    FAILURES[failure.__name__] = failure
    return failure


def _break(*_: object, **__: object) -> NoReturn:
    raise LookupError("a mistake of the app's")


def _visit(app: Flask, **query: str) -> None:
    logged_in(app).get(PREFIX, query_string=query).close()


@_fails
def loader(app: Flask) -> None:
    app.feedbackchimp.identity_loader(_break)
    _visit(app, redirect=_PAGE)


@_fails
def loader_of_sso_url(app: Flask) -> None:
    app.feedbackchimp.identity_loader(_break)
    with app.app_context():
        app.feedbackchimp.sso_url(_PAGE, user=User())


@_fails
def loader_of_another_type(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: ("a@b.example", "Ada"))
    _visit(app)


@_fails
def user_loader(app: Flask) -> None:
    client = logged_in(app)
    app.login_manager.user_loader(_break)
    client.get(PREFIX)


@_fails
def user_loader_of_sso_url(app: Flask) -> None:
    app.login_manager.request_loader(_break)
    with app.test_request_context():
        app.feedbackchimp.sso_url(_PAGE)


@_fails
def user_attribute(app: Flask) -> None:
    class Wrapped(User):
        email = property(_break, lambda self, value: None)

    with app.app_context():
        app.feedbackchimp.create_token(Wrapped())


def _sign_bytes(app: Flask) -> None:
    claims = {"logo": b"PNG"}
    app.feedbackchimp.identity_loader(lambda user: Identity("a@b.example", "A", claims))


@_fails
def claims_raised(app: Flask) -> None:
    _sign_bytes(app)
    with app.app_context():
        app.feedbackchimp.create_token(User())


@_fails
def claims_logged(app: Flask) -> None:
    _sign_bytes(app)
    _visit(app, redirect=_PAGE)


@_fails
def foreign_page(app: Flask) -> None:
    with app.app_context():
        app.feedbackchimp.sso_url(_FOREIGN, user=User())


@_fails
def refused_identity(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: None)
    with app.app_context():
        app.feedbackchimp.sso_url(_PAGE, user=User())


@_fails
def token_too_long(app: Flask) -> None:
    """Refused when the token is made already."""
    claims = {"story": "word " * 1000}
    app.feedbackchimp.identity_loader(lambda user: Identity("a@b.example", "A", claims))
    with app.app_context():
        app.feedbackchimp.sso_url(_PAGE, user=User())


@_fails
def nobody(app: Flask) -> None:
    with app.test_request_context():
        assert not current_user.is_authenticated
        app.feedbackchimp.sso_url(_PAGE)


@_fails
def receiver_of_token_issued(app: Flask) -> None:
    with token_issued.connected_to(_break, app):
        _visit(app, redirect=_PAGE)


@_fails
def receiver_of_created_token(app: Flask) -> None:
    with token_issued.connected_to(_break, app), app.app_context():
        app.feedbackchimp.create_token(User())


@_fails
def receiver_of_sign_in_refused(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: None)
    with sign_in_refused.connected_to(_break, app):
        _visit(app)


@_fails
def receiver_of_refused_claims(app: Flask) -> None:
    _sign_bytes(app)
    with sign_in_refused.connected_to(_break, app):
        _visit(app)


@_fails
def receiver_of_refused_page(app: Flask) -> None:
    with sign_in_refused.connected_to(_break, app):
        _visit(app, redirect=_FOREIGN)


@_fails
def user_id(app: Flask) -> None:
    """Asked for by the log, when the token is made already."""
    with app.app_context():
        user = plain(email="ada@example.com", name="Ada", get_id=_break)
        app.feedbackchimp.sso_url(_PAGE, user=user)


@_fails
def unauthorized_handler(app: Flask) -> None:
    app.login_manager.unauthorized_handler(_break)
    app.test_client().get(PREFIX, query_string={"redirect": _PAGE})


@_fails
def refusal_page(app: Flask) -> None:
    app.jinja_loader = DictLoader({"feedbackchimp/refused.html": "{{ 1 / 0 }}"})
    _visit(app, redirect=_FOREIGN)


@_fails
def refusal_sentence(app: Flask) -> None:
    app.jinja_loader = DictLoader({"feedbackchimp/message.txt": "{{ reason"})
    _visit(app, redirect=_FOREIGN)


@_fails
def read_token(app: Flask) -> None:
    """One that was changed, and shows what it was."""
    with app.app_context():
        token = app.feedbackchimp.create_token(User())
    tokens.read(get_state(app).settings.secret, f"{token}x")


@_fails
def signed_in(app: Flask) -> None:
    """Nothing fails, and one line is logged when the token is made already."""
    _visit(app, redirect=_PAGE)


def _make_like(app: Flask, **config: Any) -> None:
    key = "FEEDBACKCHIMP_RETURN_URL"
    make_app(**({key: app.config[key]} | config))


def _refused_setting(name: str, **config: Any) -> None:
    FAILURES[name] = lambda app: _make_like(app, **config)


_refused_setting("secret_in_quotes", FEEDBACKCHIMP_JWT_SECRET=f'"{SECRET}"')
_refused_setting("secret_as_json", FEEDBACKCHIMP_JWT_SECRET=f'{{"k": "{SECRET}"}}')
_refused_setting("secret_in_a_list", FEEDBACKCHIMP_JWT_SECRET=[SECRET])
_refused_setting("secret_not_utf_8", FEEDBACKCHIMP_JWT_SECRET=SECRET.encode() + b"\xff")
_refused_setting("secret_of_the_app", SECRET_KEY=SECRET)
_refused_setting("secret_elsewhere", FEEDBACKCHIMP_ORGANIZATION=f"{SECRET}.")
_refused_setting("secret_in_a_url", FEEDBACKCHIMP_BOARD_URL=f"https://{SECRET}@a.b/")
_refused_setting("unknown_setting", FEEDBACKCHIMP_TYPO=SECRET)
_refused_setting("wrong_organization", FEEDBACKCHIMP_ORGANIZATION="a.b")
_refused_setting("taken_prefix", FEEDBACKCHIMP_URL_PREFIX="/login")


class _Broken(Collection[str]):
    """A collection that fails in a way of its own, as a query may; once."""

    asked = False

    def __iter__(self) -> Iterator[str]:
        if not self.asked:
            self.asked = True
            _break()
        return iter(())

    def __len__(self) -> int:
        return 1

    def __contains__(self, item: object) -> bool:
        return False


@_fails
def setting_that_fails(app: Flask) -> None:
    _make_like(app, FEEDBACKCHIMP_ADMIN_EMAILS=_Broken())


@_fails
def sandbox_of_what_fails(app: Flask) -> None:
    create_sandbox(SECRET, sso_url=f"http://localhost{PREFIX}", admins=_Broken())


@_fails
def second_init_app(app: Flask) -> None:
    app.feedbackchimp.init_app(app)


@_fails
def short_secret(app: Flask) -> None:
    """The warning, where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_app(FEEDBACKCHIMP_JWT_SECRET=SECRET[:31])


@_fails
def sandbox_with_a_bad_value(app: Flask) -> None:
    create_sandbox(SECRET, sso_url="/sso", return_url="{page}")


@_fails
def sandbox_with_a_bad_secret(app: Flask) -> None:
    create_sandbox(f"'{SECRET}'", sso_url=f"http://localhost{PREFIX}")

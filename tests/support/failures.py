"""Ways to fail: each takes an app that has Ada, and raises or logs in the end."""

import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Config, Flask
from jinja2 import DictLoader

from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    sign_in_refused,
    token_issued,
)
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.sandbox.tokens import read
from flask_feedbackchimp.settings import get_state
from support.apps import BOARD, PREFIX, SECRET, User, logged_in, make_app, plain

#: The return URL in each of its forms.
FORMS = {
    "page": "{page}?ssoToken={token}",
    "board path": "/api/sso?ssoToken={token}&redirect={page}",
    "absolute URL": "https://login.example.net/jwt?jwt={token}&return_to={page}",
    "token in path": "/sso/{token}?to={page}",
}

Failure = Callable[[Flask], object]

#: By name: the functions of this module, and what refuses a setting.
FAILURES: dict[str, Failure] = {}

#: Those that fail when a token has been signed. What is not here fails before that.
AFTER_SIGNING = {
    "read_token",
    "signed_in",
}

PAGE = f"{BOARD}/board/1"
FOREIGN = "https://evil.example/"


def failure(function: Failure) -> Failure:
    FAILURES[function.__name__] = function
    return function


def fail(*_: object, **__: object) -> NoReturn:
    """What an app gives us to call."""
    raise LookupError("a mistake of the app's")


def visit(app: Flask, page: str = PAGE) -> None:
    """Click on a link as Ada."""
    logged_in(app).get(PREFIX, query_string={"redirect": page}).close()


def create_token(app: Flask, **arguments: Any) -> str:
    with app.test_request_context():
        return app.feedbackchimp.create_token(**arguments)


def sso_url(app: Flask, page: str = PAGE, **arguments: Any) -> str:
    with app.test_request_context():
        return app.feedbackchimp.sso_url(page, **arguments)


# The app's own functions and objects.


@failure
def loader(app: Flask) -> None:
    app.feedbackchimp.identity_loader(fail)
    visit(app)


@failure
def loader_of_sso_url(app: Flask) -> None:
    app.feedbackchimp.identity_loader(fail)
    sso_url(app, user=User())


@failure
def loader_of_another_type(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: ("a@b.example", "Ada"))
    visit(app)


@failure
def user_loader(app: Flask) -> None:
    app.login_manager.user_loader(fail)
    visit(app)


@failure
def request_loader(app: Flask) -> None:
    app.login_manager.request_loader(fail)
    sso_url(app)


@failure
def unauthorized_handler(app: Flask) -> None:
    app.login_manager.unauthorized_handler(fail)
    app.test_client().get(PREFIX, query_string={"redirect": PAGE})


@failure
def user_attribute(app: Flask) -> None:
    class BrokenUser(User):
        email = property(fail, lambda self, value: None)

    create_token(app, user=BrokenUser())


@failure
def user_id(app: Flask) -> None:
    user = plain(email="ada@example.com", name="Ada", get_id=fail)
    sso_url(app, user=user)


# Refusals.


def refuse_claims(app: Flask) -> None:
    identity = Identity("a@b.example", "A", {"claim": b"PNG"})
    app.feedbackchimp.identity_loader(lambda user: identity)


@failure
def claims_raised(app: Flask) -> None:
    refuse_claims(app)
    create_token(app, user=User())


@failure
def claims_logged(app: Flask) -> None:
    refuse_claims(app)
    visit(app)


@failure
def foreign_page(app: Flask) -> None:
    sso_url(app, FOREIGN, user=User())


@failure
def refused_identity(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: None)
    sso_url(app, user=User())


@failure
def nobody(app: Flask) -> None:
    sso_url(app)


@failure
def token_too_long(app: Flask) -> None:
    identity = Identity("a@b.example", "A", {"claim": "word " * 1000})
    app.feedbackchimp.identity_loader(lambda user: identity)
    sso_url(app, user=User())


@failure
def signed_in(app: Flask) -> None:
    """Not a failure: only the log line tells."""
    visit(app)


@failure
def read_token(app: Flask) -> None:
    token = create_token(app, user=User())
    read(get_state(app).settings.secret, f"{token}x")


# Templates of the refusal page.


@failure
def refusal_page(app: Flask) -> None:
    app.jinja_loader = DictLoader({"feedbackchimp/refused.html": "{{ 1 / 0 }}"})
    visit(app, FOREIGN)


@failure
def refusal_sentence(app: Flask) -> None:
    app.jinja_loader = DictLoader({"feedbackchimp/message.txt": "{{ reason"})
    visit(app, FOREIGN)


# Receivers of the signals.


@failure
def receiver_of_token_issued(app: Flask) -> None:
    token_issued.connect(fail, app)
    visit(app)


@failure
def receiver_of_created_token(app: Flask) -> None:
    token_issued.connect(fail, app)
    create_token(app, user=User())


@failure
def receiver_of_sign_in_refused(app: Flask) -> None:
    app.feedbackchimp.identity_loader(lambda user: None)
    sign_in_refused.connect(fail, app)
    visit(app)


@failure
def receiver_of_refused_claims(app: Flask) -> None:
    refuse_claims(app)
    sign_in_refused.connect(fail, app)
    visit(app)


@failure
def receiver_of_refused_page(app: Flask) -> None:
    sign_in_refused.connect(fail, app)
    visit(app, FOREIGN)


# Configurations.


def failing_list(*items: str) -> list[str]:
    """A list that fails when it is first read, and not when a reporter copies it."""

    class FailsOnce(list[str]):
        failed = False

        def __iter__(self) -> Any:
            if not FailsOnce.failed:
                FailsOnce.failed = True
                fail()
            return super().__iter__()

    return FailsOnce(items)


class BrokenConfig(Config):
    """A vault that is down, and shows itself wherever it is held."""

    def get(self, key: str, default: Any = None) -> Any:
        if "LIFETIME" in key:
            fail()
        return super().get(key, default)


def configure(app: Flask, **config: Any) -> None:
    """Set up another app with this one's return URL, and settings of its own."""
    return_url = app.config["FEEDBACKCHIMP_RETURN_URL"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_app(**{"FEEDBACKCHIMP_RETURN_URL": return_url} | config)


@failure
def second_init_app(app: Flask) -> None:
    app.feedbackchimp.init_app(app)


@failure
def setting_that_fails(app: Flask) -> None:
    configure(app, FEEDBACKCHIMP_ADMIN_EMAILS=failing_list("boss@example.com"))


@failure
def configuration_that_fails(app: Flask) -> None:
    other = Flask("other")
    other.config = BrokenConfig(other.root_path, app.config)
    FeedbackChimp(other)


@failure
def keys_that_fail(app: Flask) -> None:
    configure(app, SECRET_KEY_FALLBACKS=failing_list("an-older-key"))


@failure
def sandbox_of_what_fails(app: Flask) -> None:
    admins = failing_list("boss@example.com")
    create_sandbox(SECRET, sso_url=f"http://localhost{PREFIX}", admins=admins)


@failure
def sandbox_with_a_bad_value(app: Flask) -> None:
    create_sandbox(SECRET, sso_url="/sso", return_url="{page}")


@failure
def sandbox_with_a_bad_secret(app: Flask) -> None:
    create_sandbox(f"'{SECRET}'", sso_url=f"http://localhost{PREFIX}")


REFUSED_SETTINGS: dict[str, dict[str, Any]] = {
    "short_secret": {"FEEDBACKCHIMP_JWT_SECRET": SECRET[:31]},
    "secret_in_quotes": {"FEEDBACKCHIMP_JWT_SECRET": f'"{SECRET}"'},
    "secret_as_json": {"FEEDBACKCHIMP_JWT_SECRET": f'{{"k": "{SECRET}"}}'},
    "secret_in_a_list": {"FEEDBACKCHIMP_JWT_SECRET": [SECRET]},
    "secret_not_utf_8": {"FEEDBACKCHIMP_JWT_SECRET": SECRET.encode() + b"\xff"},
    "secret_of_the_app": {"SECRET_KEY": SECRET},
    "secret_elsewhere": {"FEEDBACKCHIMP_ORGANIZATION": f"{SECRET}."},
    "secret_in_a_url": {"FEEDBACKCHIMP_BOARD_URL": f"https://{SECRET}@a.b/"},
    "unknown_setting": {"FEEDBACKCHIMP_TYPO": SECRET},
    "wrong_organization": {"FEEDBACKCHIMP_ORGANIZATION": "a.b"},
}


def with_setting(config: dict[str, Any]) -> Failure:
    return lambda app: configure(app, **config)


for name, config in REFUSED_SETTINGS.items():
    FAILURES[name] = with_setting(config)

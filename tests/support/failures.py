"""Ways to fail: steps to take with an app that has Ada; the last raises or logs."""

import warnings
from collections.abc import Callable, Collection, Iterator
from functools import partial
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
from flask_feedbackchimp.state import get_state
from support.apps import BOARD, PREFIX, SECRET, User, logged_in, make_app, plain

#: The return URL in each of its forms.
FORMS = {
    "page": "{page}?ssoToken={token}",
    "board path": "/api/sso?ssoToken={token}&redirect={page}",
    "absolute URL": "https://login.example.net/jwt?jwt={token}&return_to={page}",
    "token in path": "/sso/{token}?to={page}",
}

Step = Callable[[Flask], object]

_PAGE = f"{BOARD}/board/1"
_FOREIGN = "https://evil.example/"


def _break(*_: object, **__: object) -> NoReturn:
    raise LookupError("a mistake of the app's")


class _Broken(Collection[str]):
    """A collection that fails in its own way, as a query may; once."""

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


def _broken_list() -> list[str]:
    """A list that fails once, also where a reporter copies it."""
    failures = iter([_break])

    class BrokenList(list[str]):
        def __iter__(self) -> Iterator[str]:
            next(failures, iter)(())
            return super().__iter__()

    return BrokenList()


class _BrokenConfig(Config):
    """A vault that is down, and shows itself wherever it is held."""

    def get(self, key: str, default: Any = None) -> Any:
        return _break() if "LIFETIME" in key else super().get(key, default)


class _BrokenUser(User):
    email = property(_break, lambda self, value: None)


def _load(load: Callable[[Any], Any]) -> Step:
    return lambda app: app.feedbackchimp.identity_loader(load)


def _claim(value: Any) -> Step:
    return _load(lambda user: Identity("a@b.example", "A", {"claim": value}))


def _template(name: str, source: str) -> Step:
    loader = DictLoader({f"feedbackchimp/{name}": source})
    return lambda app: setattr(app, "jinja_loader", loader)


def _receive(signal: Any) -> Step:
    return lambda app: signal.connect(_break, app)


def _login(hook: str) -> Step:
    return lambda app: getattr(app.login_manager, hook)(_break)


def _visit(app: Flask, page: str = _PAGE) -> None:
    logged_in(app).get(PREFIX, query_string={"redirect": page}).close()


def _visit_as_stranger(app: Flask) -> None:
    app.test_client().get(PREFIX, query_string={"redirect": _PAGE})


def _call(app: Flask, name: str = "sso_url", **arguments: Any) -> str:
    with app.test_request_context():
        return getattr(app.feedbackchimp, name)(**arguments)


def _read(app: Flask) -> None:
    token = _call(app, "create_token", user=User())
    read(get_state(app).settings.secret, f"{token}x")


def _configure(app: Flask, **config: Any) -> None:
    key = "FEEDBACKCHIMP_RETURN_URL"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_app(**({key: app.config[key]} | config))


def _configure_from(kind: type[Config], app: Flask, **config: Any) -> None:
    other = Flask("other")
    other.config = kind(other.root_path, dict(app.config) | config)
    FeedbackChimp(other)


def _sandbox(app: Flask, secret: str = SECRET, **options: Any) -> None:
    create_sandbox(secret, **({"sso_url": f"http://localhost{PREFIX}"} | options))


_visit_foreign = partial(_visit, page=_FOREIGN)
_url = partial(_call, user=User(), redirect=_PAGE)
_token = partial(_call, name="create_token", user=User())
_refuse = _load(lambda user: None)
_no_json = _claim(b"PNG")
_odd_user = plain(email="ada@example.com", name="Ada", get_id=_break)

FAILURES: dict[str, tuple[Step, ...]] = {
    "loader": (_load(_break), _visit),
    "loader_of_sso_url": (_load(_break), _url),
    "loader_of_another_type": (_load(lambda user: ("a@b.example", "Ada")), _visit),
    "user_loader": (_login("user_loader"), _visit),
    "user_loader_of_sso_url": (_login("request_loader"), _call),
    "user_attribute": (partial(_token, user=_BrokenUser()),),
    "claims_raised": (_no_json, _token),
    "claims_logged": (_no_json, _visit),
    "foreign_page": (partial(_url, redirect=_FOREIGN),),
    "refused_identity": (_refuse, _url),
    "nobody": (_call,),
    "unauthorized_handler": (_login("unauthorized_handler"), _visit_as_stranger),
    "refusal_page": (_template("refused.html", "{{ 1 / 0 }}"), _visit_foreign),
    "refusal_sentence": (_template("message.txt", "{{ reason"), _visit_foreign),
    "receiver_of_sign_in_refused": (_refuse, _receive(sign_in_refused), _visit),
    "receiver_of_refused_claims": (_no_json, _receive(sign_in_refused), _visit),
    "receiver_of_refused_page": (_receive(sign_in_refused), _visit_foreign),
    "second_init_app": (lambda app: app.feedbackchimp.init_app(app),),
    "setting_that_fails": (
        lambda app: _configure(app, FEEDBACKCHIMP_ADMIN_EMAILS=_Broken()),
    ),
    "configuration_that_fails": (partial(_configure_from, _BrokenConfig),),
    "keys_that_fail": (
        lambda app: _configure_from(Config, app, SECRET_KEY_FALLBACKS=_broken_list()),
    ),
    "sandbox_of_what_fails": (lambda app: _sandbox(app, admins=_Broken()),),
    "sandbox_with_a_bad_value": (
        partial(_sandbox, sso_url="/sso", return_url="{page}"),
    ),
    "sandbox_with_a_bad_secret": (partial(_sandbox, secret=f"'{SECRET}'"),),
}
#: Those that fail when the token is made already. Of ``signed_in`` only the line tells.
LATE_FAILURES: dict[str, tuple[Step, ...]] = {
    "token_too_long": (_claim("word " * 1000), _url),
    "receiver_of_token_issued": (_receive(token_issued), _visit),
    "receiver_of_created_token": (_receive(token_issued), _token),
    "user_id": (partial(_url, user=_odd_user),),
    "read_token": (_read,),
    "signed_in": (_visit,),
}
FAILURES |= LATE_FAILURES
_REFUSED_SETTINGS: dict[str, dict[str, Any]] = {
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
    "taken_prefix": {"FEEDBACKCHIMP_URL_PREFIX": "/login"},
}
for _name, _config in _REFUSED_SETTINGS.items():
    FAILURES[_name] = (partial(_configure, **_config),)

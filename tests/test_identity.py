"""Who a token is about: the user, the app's identity loader, and never the request."""

import html
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from flask import Flask, abort, g, redirect, request, session
from flask_login import UserMixin
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp import Identity, SignInRefused, TokenError
from flask_feedbackchimp.identity import is_email, is_name
from support import people
from support.apps import (
    PREFIX,
    User,
    claims_of,
    has_token,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from support.sampling import sample


def _app(load: Callable[[Any], Any], **config: Any) -> Flask:
    app = make_app(**config)
    app.feedbackchimp.identity_loader(load)
    return app


DEFAULT = make_app()  # without an identity loader
GIVEN = _app(lambda user: user.identity)


def _signed(user: Any, app: Flask = DEFAULT) -> dict[str, Any]:
    """The claims of a user's token, or of one whom the loader gives an identity."""
    if isinstance(user, Identity):
        user = plain(identity=user)
    with app.app_context():
        return claims_of(app.feedbackchimp.create_token(user))


def _refused(user: Any, app: Flask = DEFAULT) -> str:
    """The reason why a user gets no token."""
    with pytest.raises(SignInRefused) as caught:
        _signed(user, app)
    assert caught.value.status == 403
    return caught.value.reason


def _sent(app: Flask) -> dict[str, Any]:
    """The claims that the endpoint sends about Ada."""
    return claims_of(sent_token(logged_in(app).get(PREFIX)))


def test_everybody_is_signed_exactly():
    client = logged_in(_app(lambda user: identity))
    for email, name, extra in sample([*people.valid_people()]):
        identity = Identity(email, name, extra)
        response = client.get(PREFIX)
        assert response.status_code == 302
        assert len(response.headers["Location"]) <= 4096
        claims = claims_of(sent_token(response))
        for own in ("jti", "iat", "exp"):
            del claims[own]
        assert claims == {"email": email, "name": name} | extra


@pytest.mark.parametrize("text", people.TEXT_OF_OTHER_CLASSES)
def test_text_of_other_classes_is_signed_by_its_code_points(text):
    claims = _signed(Identity(text, text), GIVEN)
    assert claims["email"] == claims["name"] == "".join(text)


def test_unusable_emails():
    """Whether the default found them or a loader gave them."""
    for email in people.NOT_TEXT + people.UNUSABLE_EMAILS:
        assert _refused(User(email=email)) == "email_unusable"
        assert _refused(Identity(email, "Ada"), GIVEN) == "email_unusable"
    assert _refused(plain(name="Ada")) == "email_unusable"


def test_unusable_names():
    for name in people.NOT_TEXT + people.UNUSABLE_NAMES:
        assert _refused(User(name=name)) == "name_unusable"
        assert _refused(Identity("a@b", name), GIVEN) == "name_unusable"
    assert _refused(plain(email="a@b")) == "name_unusable"


@given(email=st.text() | st.text().map("{}@example.com".format), name=st.text())
def test_any_text_is_signed_exactly_or_refused(email, name):
    try:
        claims = _signed(Identity(email, name), GIVEN)
    except SignInRefused as refusal:
        if is_email(email):
            assert refusal.reason == "name_unusable"
            assert not is_name(name)
        else:
            assert refusal.reason == "email_unusable"
    else:
        assert (claims["email"], claims["name"]) == (email, name)


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        " \u200b\u3164",
        " " * 255,
        "Ada@Example.com",
        " ada@EXAMPLE.com ",
    ],
)
def test_username_where_the_name_says_nothing(name):
    """The e-mail is never signed as a name, in no spelling: boards are public."""
    user = plain(email="Ada@Example.com", name=name, username="ada77")
    assert _signed(user)["name"] == "ada77"
    del user.name
    assert _signed(user)["name"] == "ada77"
    user.username = name
    assert _refused(user) == "name_unusable"


@pytest.mark.parametrize("name", [5, people.Lazy("Ada"), "x" * 256])
def test_unusable_name_is_not_passed_over(name):
    """The user name does not replace it."""
    user = plain(email="ada@example.com", name=name, username="ada77")
    assert _refused(user) == "name_unusable"


def test_name_before_username():
    user = plain(email="ada@example.com", name="Ada@Home", username="ada77")
    assert _signed(user)["name"] == "Ada@Home"


def test_only_a_loader_may_give_the_email_as_a_name():
    assert _signed(Identity("ada@b", "ada@b"), GIVEN)["name"] == "ada@b"


class _Wrapper:
    """A user behind another object, as ORMs and proxies have them."""

    def __init__(self, user: Any) -> None:
        self._user = user

    def __getattr__(self, name: str) -> Any:
        return getattr(self._user, name)


def test_attributes_behind_getattr():
    """What a wrapper makes up counts; what it does not have is not there."""
    user = User(name="Ada")
    assert _signed(_Wrapper(user))["name"] == "Ada"
    del user.name
    user.username = "ada77"
    assert _signed(_Wrapper(user))["name"] == "ada77"


@pytest.mark.parametrize(
    "name",
    [
        "is_active",
        "is_authenticated",
        "is_anonymous",
        "email",
        "name",
        "username",
    ],
)
@pytest.mark.parametrize("error", [AttributeError, KeyError, ValueError])
def test_errors_of_properties_come_out(name, error):
    """A mistake of the app's is not a missing attribute, behind a wrapper either."""

    def fail(user: Any) -> Any:
        raise error("inside")

    class Broken(UserMixin):
        email = "ada@b"
        name = ""

    setattr(Broken, name, property(fail))
    for user in (Broken(), _Wrapper(Broken())):
        with pytest.raises(error, match="inside"):
            _signed(user)


@pytest.mark.parametrize("name", ["is_active", "is_authenticated"])
def test_user_without_a_flag(name):
    """It fails as it fails in Flask-Login, and is not taken for a yes."""
    user = plain(email="ada@b", name="Ada")
    delattr(user, name)
    with pytest.raises(AttributeError, match=name):
        _signed(user)


class _Methods:
    """A user of an app that writes its flags as methods, as some do."""

    email, name = "ada@b", "Ada"
    authenticated = active = True

    def is_authenticated(self) -> bool:
        return self.authenticated

    def is_active(self) -> bool:
        return self.active

    def is_anonymous(self) -> bool:
        return False


def test_flags_that_are_methods():
    """They say what their author meant."""
    assert _signed(_Methods())["name"] == "Ada"
    closed = _Methods()
    closed.active = False
    assert _refused(closed) == "inactive"
    closed.authenticated = False
    assert _refused(closed) == "inactive"


def test_flag_that_is_a_method_and_fails():
    user = _Methods()
    user.is_active = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        _signed(user)


def test_loader_gets_the_user_within_the_request():
    """It may be registered late, and is still its function."""
    app = make_app(user := User())
    app.before_request(lambda: setattr(g, "company", "Acme"))
    assert _sent(app)["name"] == "Ada Lovelace"

    def load(loaded: Any) -> Identity:
        assert loaded is user
        assert (request.path, session["_user_id"]) == (PREFIX, "ada")
        return Identity(user.email, user.name.upper(), claims={"company": g.company})

    assert app.feedbackchimp.identity_loader(load) is load
    claims = _sent(app)
    assert (claims["name"], claims["company"]) == ("ADA LOVELACE", "Acme")


def test_loader_says_no():
    assert _refused(User(), _app(lambda user: None)) == "identity_refused"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (("a@b", "Ada", {}), "tuple"),
        (plain(email="a@b", name="Ada", claims={}), "SimpleNamespace"),
        (False, "bool"),
        (Identity, "type"),
    ],
)
def test_loader_that_returns_something_else(answer, kind):
    """A mistake of the developer's, who needs the traceback."""
    says = rf"\AThe identity loader must return an Identity or None, not {kind}\.\Z"
    with pytest.raises(TypeError, match=says):
        logged_in(_app(lambda user: answer)).get(PREFIX)


def _raising(error: Exception) -> Callable[[Any], Identity]:
    def load(user: Any) -> Identity:
        raise error

    return load


@pytest.mark.parametrize(
    ("refusal", "status", "reason"),
    [
        (SignInRefused("Please <b>confirm</b> your e-mail."), 403, "refused"),
        (SignInRefused("Pay first.", reason="unpaid", status=402), 402, "unpaid"),
        (SignInRefused("\u05dc\u05d0 \U0001f412", status=451), 451, "refused"),
    ],
)
def test_loader_refuses_in_its_own_words(refusal, status, reason):
    client = logged_in(_app(_raising(refusal)))
    page = client.get(PREFIX)
    told = client.get(PREFIX, headers={"Accept": "application/json"})
    assert page.status_code == told.status_code == status
    assert html.escape(refusal.message) in page.text
    assert told.json["message"] == refusal.message
    assert told.json["reason"] == refusal.reason == reason


@pytest.mark.parametrize("status", [404, 503])
def test_loader_may_abort(status):
    response = logged_in(_app(lambda user: abort(status))).get(PREFIX)
    assert response.status_code == status
    assert not has_token(response)


def test_loader_may_redirect():
    response = logged_in(_app(lambda user: abort(redirect("/confirm")))).get(PREFIX)
    assert response.location == "/confirm"
    assert not has_token(response)


@pytest.mark.parametrize(
    "error",
    [LookupError("l"), TokenError("t"), SignInRefused("s")],
    ids=repr,
)
def test_errors_of_a_loader_come_out(error):
    with pytest.raises(type(error)) as caught:
        _signed(User(), _app(_raising(error)))
    assert caught.value is error


def test_identity_is_a_frozen_value():
    identity = Identity("ada@b", "Ada", claims={"a": 1})
    assert identity == Identity(email="ada@b", name="Ada", claims={"a": 1})
    assert identity not in (Identity("ada@b", "Ada"), ("ada@b", "Ada", {"a": 1}))
    with pytest.raises(FrozenInstanceError):
        identity.email = "mallory@evil.example"
    with pytest.raises(TypeError):
        iter(identity)
    assert Identity("a", "b").claims == {}


@pytest.mark.parametrize(
    ("listed", "email"),
    [
        ("boss@example.com", "boss@example.com"),
        ("Boss@Example.com", "BOSS@example.COM"),
        ("stra\xdfe@b.example", "STRASSE@B.example"),
    ],
)
def test_administrators(listed, email):
    admins = ["root@example.com", listed]
    app = _app(lambda user: Identity(email, "Boss"), FEEDBACKCHIMP_ADMIN_EMAILS=admins)
    assert _refused(User(), app) == "admin"


@pytest.mark.parametrize("inactive", [False, 0, None, ""])
def test_inactive_before_the_loader_is_asked(inactive):
    asked: list[Any] = []

    class Closed(User):
        is_active = inactive

    assert _refused(Closed(), _app(asked.append)) == "inactive"
    assert asked == []


@pytest.mark.parametrize("claims", [{"Email": "eve@b"}, {"internal_plan": b""}, 5])
def test_claims_that_cannot_be_signed(claims):
    """The visitor learns nothing of them, and the developer which it is."""
    app = _app(lambda user: Identity("a@b", "Ada", claims=claims))
    response = logged_in(app).get(PREFIX, headers={"Accept": "application/json"})
    assert (response.status_code, response.json["reason"]) == (403, "claims_unusable")
    assert "internal_plan" not in response.text
    with pytest.raises(TokenError, match=r"Email|internal_plan|int"):
        _signed(User(), app)


def test_claims_of_any_depth():
    """Wherever the interpreter's limit lies, it is never an error of the server."""
    client = logged_in(_app(lambda user: Identity("a@b", "A", deep)))
    for depth in range(100, 1000, 100):
        deep = {"deep": people.nested(depth)}
        response = client.get(PREFIX)
        assert response.status_code in {302, 403}
        if response.status_code == 302:
            assert str(claims_of(sent_token(response))["deep"]).count("[") == depth


#: Whatever might be taken for an identity, wherever it stands in a request.
EVE = {
    "email": "eve@evil.example",
    "name": "eve",
    "user": "eve",
    "user_id": "eve",
    "_user_id": "eve",
    "sub": "eve",
    "jti": "eve",
    "claims": '{"email": "eve@evil.example"}',
    "ssoToken": "eyJhbGciOiJub25lIn0.e30.",
    "identity": "eve",
    "remember_me": "eve",
}


@pytest.mark.parametrize("body", ["data", "json"])
def test_nothing_in_a_request_sets_an_identity(body):
    """Neither query, form, JSON, headers nor cookies; signed in or not."""
    app = make_app(User("ada"), User("eve"))
    client, stranger = logged_in(app, "ada"), app.test_client()
    for name in EVE:
        client.set_cookie(name, "eve")
    stranger.set_cookie("session", "eyJfdXNlcl9pZCI6ImV2ZSJ9.Z0000A.forged")
    stranger.set_cookie("remember_token", "eve|" + "0" * 128)
    headers = {f"X-{name}": value for name, value in EVE.items()} | {
        "X-Forwarded-User": "eve",
        "From": "eve@evil.example",
        "Authorization": "Basic ZXZlOmV2ZQ==",
    }
    request = {
        "query_string": EVE,
        "headers": headers,
        "environ_base": {"REMOTE_USER": "eve"},
        body: EVE,
    }

    claims = claims_of(sent_token(client.get(PREFIX, **request)))
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada Lovelace")
    assert claims["jti"] != "eve"

    answer = stranger.get(PREFIX, **request)
    assert answer.headers["Location"].startswith("/login?next=")

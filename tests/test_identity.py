"""Who a token is about: the user, the app's identity loader, and never the request."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from flask import Flask, abort, g, redirect, request, session
from flask_login import AnonymousUserMixin
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused, TokenError
from flask_feedbackchimp.claims import is_email, is_name
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

DEFAULT = make_app()  # an app with the default identity


def _app(load: Callable[[Any], Any], **config: Any) -> Flask:
    """An app with that identity loader."""
    app = make_app(**config)
    app.feedbackchimp.identity_loader(load)
    return app


def _signed(user: Any, app: Flask = DEFAULT) -> dict[str, Any]:
    with app.app_context():
        return claims_of(app.feedbackchimp.create_token(user))


def _refused(user: Any, app: Flask = DEFAULT) -> str:
    with pytest.raises(SignInRefused) as caught:
        _signed(user, app)
    assert caught.value.status == 403
    return caught.value.reason


def _sent(app: Flask) -> dict[str, Any]:
    """What the board is told about Ada, who followed a link."""
    return claims_of(sent_token(logged_in(app).get(PREFIX)))


#: An app whose users are identities already.
GIVEN = _app(lambda identity: identity)


# The corpus, by the loader and by the default


def test_everybody_is_signed_exactly():
    """Code point for code point, as the ``Location`` that is sent."""
    identities = sample([Identity(*person) for person in people.valid_people()])
    app = _app(lambda user: next(waiting))
    client = logged_in(app)
    waiting = iter(identities)
    for identity in identities:
        response = client.get(PREFIX)
        assert response.status_code == 302
        assert len(response.headers["Location"]) <= 4096
        claims = claims_of(sent_token(response))
        for own in ("jti", "iat", "exp"):
            del claims[own]
        expected = {"email": identity.email, "name": identity.name, **identity.claims}
        assert claims == expected


def test_unusable_emails():
    """Whether the default found them or a loader gave them."""
    for email in people.UNUSABLE_EMAILS:
        assert _refused(User(email=email)) == "email_unusable"
        assert _refused(Identity(email, "Ada"), GIVEN) == "email_unusable"


def test_unusable_names():
    for name in people.UNUSABLE_NAMES:
        assert _refused(User(name=name)) == "name_unusable"
        assert _refused(Identity("a@b", name), GIVEN) == "name_unusable"


def test_text_of_other_classes():
    """Signed by its code points, not by what the class says of itself."""
    for text in people.TEXT_OF_OTHER_CLASSES:
        claims = _signed(Identity(text, text), GIVEN)
        assert claims["email"] == claims["name"] == str.__str__(text)


@given(email=st.text() | st.text().map("{}@example.com".format), name=st.text())
def test_any_text_is_signed_exactly_or_refused(email, name):
    try:
        claims = _signed(Identity(email, name), GIVEN)
    except SignInRefused as refusal:
        expected = "name_unusable" if is_email(email) else "email_unusable"
        assert refusal.reason == expected
        assert not (is_email(email) and is_name(name))
    else:
        assert (claims["email"], claims["name"]) == (email, name)


# The default identity


@pytest.mark.parametrize(
    "name",
    [
        *(None, "", " \u200b\u3164", " " * 255, people.Shouting(" ")),
        *("Ada@Example.com", " ada@EXAMPLE.com ", people.Shouting("ada@example.com")),
    ],
    ids=range(8),
)
def test_username_where_the_name_says_nothing(name):
    """The e-mail is never signed as a name, in no spelling: boards are public."""
    user = plain(email="Ada@Example.com", name=name, username="ada77")
    claims = _signed(user)
    assert (claims["email"], claims["name"]) == ("Ada@Example.com", "ada77")
    del user.name
    assert _signed(user)["name"] == "ada77"
    user.username = name
    assert _refused(user) == "name_unusable"


def test_name_before_username():
    """Nor is an unusable name passed over for the next."""
    user = plain(email="ada@example.com", name="Ada@Home", username="ada77")
    assert _signed(user)["name"] == "Ada@Home"
    for user.name in (5, people.Lazy("Ada"), " " * 256):
        assert _refused(user) == "name_unusable"


def test_loader_may_give_the_email_as_name():
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


FLAGS = ["is_active", "is_authenticated", "is_anonymous"]


@pytest.mark.parametrize("name", [*FLAGS, "email", "name", "username"])
@pytest.mark.parametrize("error", [AttributeError, KeyError, ValueError])
def test_errors_of_properties_come_out(name, error):
    """A mistake of the app's is not a missing attribute, behind a wrapper either."""

    def fail(user: Any) -> Any:
        raise error("inside")

    attributes = {"__init__": lambda user: None, "email": "ada@b", "name": ""}
    user = type("Broken", (User,), {**attributes, name: property(fail)})()
    for given_user in (user, _Wrapper(user)):
        with pytest.raises(error, match="inside"):
            _signed(given_user)


class _Partial(_Wrapper):
    """A wrapper that finds none of Flask-Login's flags."""

    def __getattr__(self, name: str) -> Any:
        if name in FLAGS:
            raise AttributeError(name)
        return super().__getattr__(name)


class _Strange:
    """An object whose attributes fail in a way of their own."""

    def __getattribute__(self, name: str) -> Any:
        if name in FLAGS:
            raise LookupError(name)
        return super().__getattribute__(name)


def test_flags_that_cannot_be_found():
    """They may have failed behind the wrapper, so they are not taken for a yes."""
    for user in (_Partial(User()), _Strange()):
        with pytest.raises((AttributeError, LookupError), match="is_anonymous"):
            _signed(user)
    guarded = _Partial(User())
    guarded.is_anonymous = False
    with pytest.raises(AttributeError, match="is_active"):
        _signed(guarded)


@pytest.mark.parametrize("name", FLAGS)
def test_flag_that_is_a_method(name):
    """It is true whatever it would return, so it is an error that names it."""
    user = type("Closed", (User,), {name: lambda user: False})()
    says = rf"Closed\.{name} is a method, .* add @property to it, or set {name} to "
    with pytest.raises(TypeError, match=says):
        _signed(user)
    with pytest.raises(TypeError, match=says):
        logged_in(make_app(user)).get(PREFIX)


# The loader


def test_loader_after_init_app():
    """It may be registered late, and be replaced; it is still its function."""
    app = make_app()
    client = logged_in(app)
    assert claims_of(sent_token(client.get(PREFIX)))["name"] == "Ada Lovelace"

    def load(user: Any) -> Identity:
        return Identity(user.email, user.name.upper(), claims={"id": user.id})

    assert app.feedbackchimp.identity_loader(load) is load
    claims = claims_of(sent_token(client.get(PREFIX)))
    assert (claims["name"], claims["id"]) == ("ADA LOVELACE", "ada")


def test_loader_belongs_to_the_object():
    feedbackchimp = FeedbackChimp()
    one, other = make_app(feedbackchimp=feedbackchimp), make_app()
    feedbackchimp.identity_loader(lambda user: Identity(user.email, "Shared"))
    two = make_app(feedbackchimp=feedbackchimp)
    names = [_sent(app)["name"] for app in (one, two, other)]
    assert names == ["Shared", "Shared", "Ada Lovelace"]


def test_loader_gets_the_user_within_the_request():
    """The user itself, no proxy, beside the app's database, session and ``g``."""
    app = make_app(user := User())
    app.before_request(lambda: setattr(g, "company", "Acme"))

    @app.feedbackchimp.identity_loader
    def load(loaded: Any) -> Identity:
        assert loaded is user
        assert (request.path, session["_user_id"]) == (PREFIX, "ada")
        return Identity(loaded.email, loaded.name, claims={"company": g.company})

    assert _sent(app)["company"] == "Acme"


def test_loader_that_returns_none():
    assert _refused(User(), _app(lambda user: None)) == "identity_refused"


@pytest.mark.parametrize(
    "identity",
    [
        ("ada@example.com", "Ada", {}),
        plain(email="ada@example.com", name="Ada", claims={}),
        False,
        Identity,
    ],
    ids=lambda identity: type(identity).__name__,
)
def test_loader_that_returns_something_else(identity):
    """A mistake of the developer's, who needs the traceback."""
    name = type(identity).__name__
    with pytest.raises(TypeError) as caught:
        logged_in(_app(lambda user: identity)).get(PREFIX)
    assert str(caught.value) == (
        f"The identity loader must return an Identity or None, not {name}."
    )


@pytest.mark.parametrize(
    ("refusal", "status", "reason"),
    [
        (SignInRefused("Please <b>confirm</b> your e-mail."), 403, "refused"),
        (SignInRefused("Pay first.", reason="unpaid", status=402), 402, "unpaid"),
        (SignInRefused("\u05dc\u05d0 \U0001f412", status=451), 451, "refused"),
    ],
)
def test_loader_refuses_in_its_own_words(refusal, status, reason):
    def load(user: Any) -> Identity:
        raise refusal

    client = logged_in(app := _app(load))
    page = client.get(PREFIX)
    told = client.get(PREFIX, headers={"Accept": "application/json"})
    assert page.status_code == told.status_code == status
    assert html.escape(refusal.message) in page.text
    assert told.json["message"] == refusal.message
    assert told.json["reason"] == refusal.reason == reason
    with pytest.raises(SignInRefused) as caught:
        _signed(User(), app)
    assert caught.value is refusal


@pytest.mark.parametrize("answer", [redirect("/confirm"), 404, 503], ids=repr)
def test_loader_may_abort(answer):
    """To send the visitor to the page that puts it right, say."""
    response = logged_in(_app(lambda user: abort(answer))).get(PREFIX)
    assert response.status_code == getattr(answer, "status_code", answer)
    assert response.location in {None, "/confirm"}
    assert not has_token(response)


@pytest.mark.parametrize(
    "error", [ValueError("v"), LookupError("l"), TokenError("t"), OSError()], ids=repr
)
def test_errors_of_a_loader_come_out(error):
    """To the tests, the app's own error handler, or Flask's 500."""

    def load(user: Any) -> Identity:
        raise error

    with pytest.raises(type(error)) as caught:
        _signed(User(), _app(load))
    assert caught.value is error


def test_identity_is_a_frozen_value():
    """And no sequence."""
    identity = Identity("ada@b", "Ada", claims={"a": 1})
    assert identity == Identity(email="ada@b", name="Ada", claims={"a": 1})
    assert identity != Identity("ada@b", "Ada")
    assert identity != ("ada@b", "Ada", {"a": 1})
    with pytest.raises(FrozenInstanceError):
        identity.email = "mallory@evil.example"
    with pytest.raises(TypeError):
        iter(identity)
    assert Identity("a", "b").claims == {}
    assert Identity("a", "b").claims is not Identity("a", "b").claims


# Accounts that get no token


@pytest.mark.parametrize(
    ("listed", "email"),
    [
        ("boss@example.com", "boss@example.com"),
        ("Boss@Example.com", "BOSS@example.COM"),
        ("boss@example.com", people.Shouting("Boss@example.com")),
        ("stra\xdfe@b.example", "STRASSE@B.example"),
    ],
    ids=["same", "other case", "lying", "beyond ASCII"],
)
def test_administrators(listed, email):
    """In any case of letters, whoever the loader says it is."""
    admins = ["root@example.com", listed]
    app = _app(lambda user: Identity(email, "Boss"), FEEDBACKCHIMP_ADMIN_EMAILS=admins)
    assert _refused(User(), app) == "admin"


@pytest.mark.parametrize("inactive", [False, 0, None, ""])
def test_inactive_before_the_loader_is_asked(inactive):
    asked: list[Any] = []
    user = type("Closed", (User,), {"is_active": inactive})()
    assert _refused(user, _app(asked.append)) == "inactive"
    assert asked == []


def test_anonymous_whatever_it_says_of_itself():
    class Guest(AnonymousUserMixin):
        email = "guest@example.com"
        name = "Guest"
        is_authenticated = True

    app = make_app()
    app.login_manager.anonymous_user = Guest
    response = app.test_client().get(PREFIX)
    assert response.headers["Location"].startswith("/login?next=")


# Extra claims


def test_no_claims_given_as_none():
    claims = _signed(Identity("a@b", "Ada", claims=None), GIVEN)
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}


@pytest.mark.parametrize("claims", [{"Email": "eve@b"}, {"internal_plan": b""}, 5])
def test_claims_that_cannot_be_signed(claims):
    """The visitor learns nothing of them, and the developer which it is."""
    app = _app(lambda user: Identity("a@b", "Ada", claims=claims))
    response = logged_in(app).get(PREFIX, headers={"Accept": "application/json"})
    assert (response.status_code, response.json["reason"]) == (403, "claims_unusable")
    assert "internal_plan" not in response.text
    with pytest.raises(TokenError, match=r"Email|internal_plan|int"):
        _signed(User(), app)


@pytest.mark.parametrize("depth", range(100, 1000, 100))
def test_claims_of_any_depth(depth):
    """Wherever the interpreter's limit lies, it is never an error of the server."""
    deep = {"deep": people.nested(depth)}
    response = logged_in(_app(lambda user: Identity("a@b", "A", deep))).get(PREFIX)
    assert response.status_code in {302, 403}
    if response.status_code == 302:
        assert str(claims_of(sent_token(response))["deep"]).count("[") == depth


# The request


MALLORY = dict.fromkeys(
    ["name", "user", "user_id", "_user_id", "sub", "jti"], "mallory"
)
MALLORY |= {"email": "mallory@evil.example", "claims": '{"email":"m@evil.example"}'}
MALLORY |= {"ssoToken": "eyJhbGciOiJub25lIn0.e30.", "From": "mallory@evil.example"}
HEADERS = {f"X-{name}": value for name, value in MALLORY.items()} | {
    "X-Forwarded-User": "mallory",
    "Authorization": "Basic bWFsbG9yeTptYWxsb3J5",
}
CLAIMING = [
    {"query_string": MALLORY},
    {"data": MALLORY},
    {"json": MALLORY},
    {"headers": HEADERS},
    {"environ_base": {"REMOTE_USER": "mallory", "AUTH_TYPE": "Basic"}},
]


@pytest.mark.parametrize(
    "arguments", CLAIMING, ids=lambda arguments: next(iter(arguments))
)
def test_nothing_in_a_request_sets_an_identity(arguments):
    """Neither query, form, JSON, headers nor cookies; signed in or not."""
    app = make_app(User("ada"), User("mallory"))
    client, stranger = logged_in(app, "ada"), app.test_client()
    for name in (*MALLORY, "remember_me", "identity"):
        client.set_cookie(name, "mallory")
    stranger.set_cookie("session", "eyJfdXNlcl9pZCI6Im1hbGxvcnkifQ.Z0000A.forged")
    stranger.set_cookie("remember_token", "mallory|" + "0" * 128)
    claims = claims_of(sent_token(client.get(PREFIX, **arguments)))
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada Lovelace")
    assert claims["jti"] != "mallory"
    response = stranger.get(PREFIX, **arguments)
    assert response.headers["Location"].startswith("/login?next=")

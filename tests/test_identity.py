"""Who a token is about: the user, the app's identity loader, and never the request."""

from __future__ import annotations

import html
import json
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, abort, g, redirect, request, session
from flask_login import AnonymousUserMixin, UserMixin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import people
from apps import (
    BOARD,
    PREFIX,
    User,
    claims_of,
    has_token,
    logged_in,
    make_app,
    plain,
    sent_token,
)
from flask_feedbackchimp import (
    FeedbackChimp,
    Identity,
    SignInRefused,
    TokenError,
    token_issued,
)
from flask_feedbackchimp.claims import is_email, is_name
from flask_feedbackchimp.refusals import REFUSALS
from loops import run_coroutine


def _app_of(user: Any, **config: Any) -> Flask:
    """An app in which that one user, whose id is ``ada``, can log in."""
    return make_app(user, **config)


def _loaded(identity: Any) -> Flask:
    """An app whose identity loader returns that identity for everybody."""
    app = make_app()
    app.feedbackchimp.identity_loader(lambda user: identity)
    return app


def _refusal(app: Flask) -> str:
    """The reason for which Ada is refused, in words and without a token."""
    issued: list[str] = []

    def receive(sender: Flask, user: Any, jti: str) -> None:
        issued.append(jti)

    client = logged_in(app)
    with token_issued.connected_to(receive, app):
        page = client.get(PREFIX)
        told = client.get(PREFIX, headers={"Accept": "application/json"})
    assert page.status_code == told.status_code == 403
    assert not has_token(page)
    assert not has_token(told)
    assert issued == []
    assert told.json["message"] in html.unescape(page.text)
    assert f'href="{BOARD}/"' in page.text
    reason: str = told.json["reason"]
    return reason


class _Anybody:
    """One app for the whole corpus: its loader gives what a test says."""

    def __init__(self) -> None:
        self.identity: Any = None
        self.app = make_app()
        self.app.feedbackchimp.identity_loader(lambda user: self.identity)

    def refusal(self, identity: Identity) -> str:
        """The reason for which the endpoint refuses an identity."""
        self.identity = identity
        return _refusal(self.app)


_ANYBODY = _Anybody()
_PLAIN = make_app()


def _by_default(user: Any) -> dict[str, Any]:
    """What the default identity signs of a user."""
    with _PLAIN.app_context():
        return claims_of(_PLAIN.feedbackchimp.create_token(user))


def _refused_by_default(user: Any) -> str:
    with pytest.raises(SignInRefused) as caught:
        _by_default(user)
    assert caught.value.status == 403
    return caught.value.reason


# The corpus, by the loader and by the default


def test_everybody_who_can_be_signed_in_is_signed_code_point_for_code_point():
    """Through the endpoint, as the ``Location`` that is sent."""
    app = make_app()
    identities = iter(())

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(*next(identities))

    client = logged_in(app)
    everybody = list(people.valid_people())
    identities = iter(everybody)
    for email, name, extra in everybody:
        response = client.get(PREFIX)
        assert response.status_code == 302
        assert len(response.headers["Location"]) <= 4096
        claims = claims_of(sent_token(response))
        assert claims["email"] == email
        assert claims["name"] == name
        assert {key: claims[key] for key in extra} == extra
        assert set(claims) == {"email", "name", "jti", "iat", "exp", *extra}


@pytest.mark.parametrize("name", ["255 astral letters", "255 joined emoji"])
def test_the_longest_names_fit_with_a_page_beside_them(name):
    app = _app_of(User(name=people.NAMES[name]))
    page = f"{BOARD}/board/1002-feature-requests?sort=top"
    response = logged_in(app).get(PREFIX, query_string={"redirect": page})
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{page}&ssoToken=")
    assert claims_of(sent_token(response))["name"] == people.NAMES[name]


@pytest.mark.parametrize("email", people.EMAILS.values(), ids=people.EMAILS)
def test_the_default_signs_any_usable_email(email):
    assert _by_default(User(email=email))["email"] == email


@pytest.mark.parametrize("name", people.NAMES.values(), ids=people.NAMES)
def test_the_default_signs_any_usable_name(name):
    assert _by_default(User(name=name))["name"] == name


@pytest.mark.parametrize(
    "email", people.UNUSABLE_EMAILS.values(), ids=people.UNUSABLE_EMAILS
)
def test_an_unusable_email_is_refused_in_words(email):
    """Whether the default found it or a loader gave it, and never half-signed."""
    assert _refused_by_default(User(email=email)) == "email_unusable"
    assert _ANYBODY.refusal(Identity(email, "Ada")) == "email_unusable"


@pytest.mark.parametrize(
    "name", people.UNUSABLE_NAMES.values(), ids=people.UNUSABLE_NAMES
)
def test_an_unusable_name_is_refused_in_words(name):
    """Whether the default found it or a loader gave it, and never half-signed."""
    assert _refused_by_default(User(name=name)) == "name_unusable"
    assert _ANYBODY.refusal(Identity("ada@example.com", name)) == "name_unusable"


@pytest.mark.parametrize(
    "text", people.TEXT_OF_OTHER_CLASSES.values(), ids=people.TEXT_OF_OTHER_CLASSES
)
def test_text_of_another_class_is_signed_by_its_code_points(text):
    """Not by what the class says of itself."""
    app = _loaded(Identity(text, text))
    claims = claims_of(sent_token(logged_in(app).get(PREFIX)))
    assert claims["email"] == claims["name"] == str.__str__(text)
    assert claims["email"].startswith("ada")


@given(email=st.text() | st.text().map("{}@example.com".format), name=st.text())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_signed_exactly_or_refused(email, name):
    _ANYBODY.identity = Identity(email, name)
    with _ANYBODY.app.app_context():
        try:
            claims = claims_of(_ANYBODY.app.feedbackchimp.create_token(plain()))
        except SignInRefused as refusal:
            expected = "name_unusable" if is_email(email) else "email_unusable"
            assert refusal.reason == expected
            assert not (is_email(email) and is_name(name))
        else:
            assert (claims["email"], claims["name"]) == (email, name)


# The default identity


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"name": "Ada"}, "Ada"),
        ({"name": "Ada", "username": "ada77"}, "Ada"),
        ({"username": "ada77"}, "ada77"),
        ({"name": None, "username": "ada77"}, "ada77"),
        ({"name": "", "username": "ada77"}, "ada77"),
        ({"name": " \u200b\u3164", "username": "ada77"}, "ada77"),
        ({"name": "ada@example.com", "username": "ada77"}, "ada77"),
        ({"name": " ADA@example.com ", "username": "ada77"}, "ada77"),
        ({"name": people.Shouting(" "), "username": "ada77"}, "ada77"),
        ({"name": "Ada@Home", "username": "ada77"}, "Ada@Home"),
    ],
)
def test_the_default_name_is_name_or_else_username(attributes, name):
    claims = _by_default(plain(email="ada@example.com", **attributes))
    assert (claims["email"], claims["name"]) == ("ada@example.com", name)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"name": "ada@example.com"},
        {"username": "ada@example.com"},
        {"name": "Ada@Example.com", "username": "ada@example.COM\n"},
        {"name": people.Shouting("ada@example.com")},
        {"name": None, "username": None},
        {"name": 5, "username": "ada77"},
        {"name": people.Lazy("Ada"), "username": "ada77"},
        {"display_name": "Ada", "full_name": "Ada"},
    ],
)
def test_the_email_is_never_signed_as_the_name(attributes):
    """Boards are public. Nor is a name of another type passed over for the next."""
    user = plain(email="ada@example.com", **attributes)
    assert _refused_by_default(user) == "name_unusable"


def test_a_loader_may_give_the_email_as_the_name_if_it_insists():
    app = _loaded(Identity("ada@example.com", "ada@example.com"))
    assert claims_of(sent_token(logged_in(app).get(PREFIX)))["name"]


def test_a_user_without_any_attribute_is_refused_in_words():
    class Bare(UserMixin):
        id = "ada"

    assert _refusal(_app_of(Bare())) == "email_unusable"


@pytest.mark.parametrize(
    ("user", "missing"),
    [
        (people.BrokenEmail(), "profile"),
        (people.BrokenName(), "profile"),
        (people.BrokenActive(), "profile"),
    ],
)
def test_an_attribute_error_inside_a_property_comes_out(user, missing):
    """It is a mistake of the app's, and is not taken for a missing attribute."""
    client = logged_in(_app_of(user))
    with pytest.raises(AttributeError, match=missing):
        client.get(PREFIX)


@pytest.mark.parametrize("attribute", ["email", "name", "is_active", "is_anonymous"])
@pytest.mark.parametrize("error", [KeyError("k"), ValueError("v"), RuntimeError("r")])
def test_any_exception_of_a_property_comes_out(attribute, error):
    with pytest.raises(type(error)) as caught:
        _by_default(people.Failing(attribute, error=error))
    assert caught.value is error


def test_attributes_that_getattr_makes_up_count():
    """As ORMs and wrappers do."""

    class Wrapper:
        def __getattr__(self, name: str) -> str:
            if name in {"email", "username"}:
                return f"{name}@example.com"
            raise AttributeError(name)

    claims = _by_default(Wrapper())
    assert claims["email"] == "email@example.com"
    assert claims["name"] == "username@example.com"


# The loader


def test_a_loader_may_be_registered_after_init_app_and_be_replaced():
    app = make_app()
    client = logged_in(app)
    assert claims_of(sent_token(client.get(PREFIX)))["name"] == "Ada Lovelace"

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.email, user.name.upper(), claims={"id": user.id})

    claims = claims_of(sent_token(client.get(PREFIX)))
    assert claims["name"] == "ADA LOVELACE"
    assert claims["id"] == "ada"


def test_a_loader_is_shared_by_the_apps_of_one_object_and_by_no_others():
    feedbackchimp = FeedbackChimp()
    one, two = (make_app(feedbackchimp=feedbackchimp) for _ in range(2))
    other = make_app()
    feedbackchimp.identity_loader(lambda user: Identity(user.email, "Shared"))
    three = make_app(feedbackchimp=feedbackchimp)
    names = [
        claims_of(sent_token(logged_in(app).get(PREFIX)))["name"]
        for app in (one, two, three, other)
    ]
    assert names == ["Shared", "Shared", "Shared", "Ada Lovelace"]


def test_a_loader_gets_the_user_itself_within_the_request():
    """So that it can use the app's database, session and ``g``."""
    seen: list[Any] = []
    user = User()
    app = _app_of(user)

    @app.before_request
    def set_g() -> None:
        g.company = "Acme"

    @app.feedbackchimp.identity_loader
    def load(loaded: Any) -> Identity:
        seen.append((loaded, request.path, session["_user_id"]))
        return Identity(loaded.email, loaded.name, claims={"company": g.company})

    claims = claims_of(sent_token(logged_in(app).get(PREFIX)))
    assert claims["company"] == "Acme"
    ((loaded, path, user_id),) = seen
    assert loaded is user
    assert (path, user_id) == (PREFIX, "ada")


def test_a_loader_that_returns_none_refuses():
    assert _refusal(_loaded(None)) == "identity_refused"


@pytest.mark.parametrize(
    "identity",
    [
        ("ada@example.com", "Ada"),
        {"email": "ada@example.com", "name": "Ada"},
        SimpleNamespace(email="ada@example.com", name="Ada", claims={}),
        "ada@example.com",
        False,
        True,
        0,
        Identity,
        User(),
    ],
    ids=lambda identity: type(identity).__name__,
)
def test_a_loader_that_returns_something_else_is_told_so(identity):
    """A mistake of the developer's, who needs the traceback."""
    client = logged_in(_loaded(identity))
    with pytest.raises(TypeError, match="must return an Identity or None") as caught:
        client.get(PREFIX)
    assert type(identity).__name__ in str(caught.value)
    assert "example.com" not in str(caught.value)


def test_a_loader_that_is_a_coroutine_function_is_told_so():
    app = make_app()
    made: list[Any] = []

    async def load(user: Any) -> Identity:
        return Identity("ada@example.com", "Ada")

    def remember(user: Any) -> Any:
        made.append(load(user))
        return made[-1]

    app.feedbackchimp.identity_loader(remember)
    with pytest.raises(TypeError, match="or None, not coroutine"):
        logged_in(app).get(PREFIX)
    assert run_coroutine(made[0]) == Identity("ada@example.com", "Ada")


@pytest.mark.parametrize(
    ("refusal", "status", "reason"),
    [
        (SignInRefused("Please <b>confirm</b> your e-mail."), 403, "refused"),
        (SignInRefused("Try later.", reason="too_young"), 403, "too_young"),
        (SignInRefused("Pay first.", reason="unpaid", status=402), 402, "unpaid"),
        (SignInRefused("\u05dc\u05d0 \U0001f412", status=451), 451, "refused"),
    ],
)
def test_a_loader_may_refuse_with_its_own_sentence(refusal, status, reason):
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        raise refusal

    client = logged_in(app)
    page = client.get(PREFIX)
    told = client.get(PREFIX, headers={"Accept": "application/json"})
    assert page.status_code == told.status_code == status
    assert html.escape(refusal.message) in page.text
    assert "<b>confirm" not in page.text
    assert told.json["message"] == refusal.message
    assert told.json["reason"] == refusal.reason == reason
    assert not has_token(page)

    with app.app_context(), pytest.raises(SignInRefused) as caught:
        app.feedbackchimp.create_token(User())
    assert caught.value is refusal


def test_a_loader_may_send_the_visitor_elsewhere():
    """With ``abort(redirect(...))``, to the page that puts it right, say."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        abort(redirect("/confirm-your-email"))

    response = logged_in(app).get(PREFIX)
    assert response.status_code == 302
    assert response.headers["Location"] == "/confirm-your-email"
    assert not has_token(response)


@pytest.mark.parametrize("status", [401, 404, 418, 503])
def test_a_loader_may_abort(status):
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        abort(status)

    response = logged_in(app).get(PREFIX)
    assert response.status_code == status
    assert not has_token(response)


@pytest.mark.parametrize(
    "error", [ValueError("v"), KeyError("k"), LookupError("l"), TimeoutError("t")]
)
def test_an_exception_of_a_loader_is_never_swallowed(error):
    """It reaches the tests, the app's own error handler, or Flask's 500."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        raise error

    client = logged_in(app)
    with pytest.raises(type(error)) as caught:
        client.get(PREFIX)
    assert caught.value is error

    app.testing = app.config["PROPAGATE_EXCEPTIONS"] = False
    response = client.get(PREFIX)
    assert response.status_code == 500
    assert not has_token(response)


def test_an_identity_is_compared_by_value_and_cannot_be_changed():
    identity = Identity("ada@example.com", "Ada", claims={"a": 1})
    assert identity == Identity(email="ada@example.com", name="Ada", claims={"a": 1})
    assert identity != Identity("ada@example.com", "Ada")
    with pytest.raises(AttributeError):
        identity.email = "mallory@evil.example"


def test_no_identity_can_change_the_claims_of_another():
    """The default is shared, and so cannot be written to."""
    identity = Identity("a@b", "A")
    assert identity.claims == {}
    with pytest.raises(TypeError):
        identity.claims["company"] = "Analytical Engines"


# Accounts that get no token


@pytest.mark.parametrize(
    "listed",
    ["boss@example.com", "BOSS@EXAMPLE.COM", "Boss@Example.com"],
)
@pytest.mark.parametrize(
    "email",
    ["boss@example.com", "BOSS@example.COM", people.Shouting("Boss@example.com")],
    ids=["lower", "upper", "lying text"],
)
def test_an_administrator_is_told_to_sign_in_by_hand(listed, email):
    """In any case of letters, whoever the loader says it is."""
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=["root@example.com", listed])
    app.feedbackchimp.identity_loader(lambda user: Identity(email, "Boss"))
    assert _refusal(app) == "admin"
    assert "by hand" in REFUSALS["admin"].message


@pytest.mark.parametrize(
    ("listed", "email"),
    [
        ("stra\xdfe@b.example", "STRASSE@B.example"),
        ("\xc4@b.example", "\xe4@b.example"),
    ],
)
def test_administrators_are_compared_by_case_folding_beyond_ascii(listed, email):
    app = make_app(FEEDBACKCHIMP_ADMIN_EMAILS=[listed])
    app.feedbackchimp.identity_loader(lambda user: Identity(email, "Boss"))
    assert _refusal(app) == "admin"


def test_an_email_is_signed_in_its_own_case_where_administrators_are_listed():
    user = User(email="Ada@Example.com")
    app = _app_of(user, FEEDBACKCHIMP_ADMIN_EMAILS=["boss@example.com"])
    claims = claims_of(sent_token(logged_in(app).get(PREFIX)))
    assert claims["email"] == "Ada@Example.com"


@pytest.mark.parametrize("inactive", [False, 0, None, ""])
def test_an_inactive_account_is_refused_before_the_loader_is_asked(inactive):
    app = _app_of(type("Closed", (User,), {"is_active": inactive})())
    asked: list[Any] = []
    app.feedbackchimp.identity_loader(asked.append)
    assert _refusal(app) == "inactive"
    assert asked == []


def test_an_anonymous_user_is_nobody_whatever_it_says_of_itself():
    class Guest(AnonymousUserMixin):
        email = "guest@example.com"
        name = "Guest"
        is_authenticated = True

    app = make_app()
    app.login_manager.anonymous_user = Guest
    response = app.test_client().get(PREFIX)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login?next=")
    assert not has_token(response)


# Extra claims


@pytest.mark.parametrize("claims", people.CLAIMS.values(), ids=people.CLAIMS)
def test_extra_claims_are_signed_as_they_are(claims):
    app = _loaded(Identity("ada@example.com", "Ada", claims=claims))
    assert claims_of(sent_token(logged_in(app).get(PREFIX))).items() >= claims.items()


def test_no_claims_at_all_may_be_given_as_none():
    app = _loaded(Identity("ada@example.com", "Ada", claims=None))
    claims = claims_of(sent_token(logged_in(app).get(PREFIX)))
    assert set(claims) == {"email", "name", "jti", "iat", "exp"}


@pytest.mark.parametrize(
    ("named", "claims"),
    people.UNUSABLE_CLAIMS.values(),
    ids=people.UNUSABLE_CLAIMS,
)
def test_claims_that_cannot_be_signed_are_a_403_page_and_a_token_error(named, claims):
    """The visitor is told that it is our fault, the developer which claim it is."""
    identity = Identity("ada@example.com", "Ada", claims=claims)
    assert _ANYBODY.refusal(identity) == "claims_unusable"
    app = _ANYBODY.app
    with app.app_context(), pytest.raises(TokenError) as caught:
        app.feedbackchimp.create_token(User())
    assert named in str(caught.value)


def test_the_text_of_a_page_that_refuses_names_no_claim():
    app = _loaded(Identity("ada@example.com", "Ada", claims={"internal_plan": b""}))
    assert "internal_plan" not in logged_in(app).get(PREFIX).text


@pytest.mark.parametrize("depth", [*range(100, 1000, 50)])
def test_claims_of_any_depth_are_signed_or_refused(depth):
    """Wherever the interpreter's limit lies, it is never an error of the server."""
    _ANYBODY.identity = Identity("a@b", "A", claims={"deep": people.nested(depth)})
    response = logged_in(_ANYBODY.app).get(PREFIX)
    assert response.status_code in {302, 403}
    if response.status_code == 302:
        deep = claims_of(sent_token(response))["deep"]
        assert json.dumps(deep).count("[") == depth


# The request


_MALLORY = {
    "email": "mallory@evil.example",
    "name": "Mallory",
    "user": "mallory",
    "user_id": "mallory",
    "_user_id": "mallory",
    "jti": "1",
    "claims": '{"email":"mallory@evil.example"}',
    "ssoToken": "eyJhbGciOiJub25lIn0.e30.",
    "sub": "mallory",
}


def test_nothing_in_a_request_can_set_an_identity():
    """Neither query, form, JSON, headers nor cookies."""
    app = make_app(User("ada"), User("mallory"))
    client = logged_in(app, "ada")
    for name in (*_MALLORY, "remember_me", "identity"):
        client.set_cookie(name, "mallory")
    headers = {
        "X-Forwarded-User": "mallory",
        "X-Remote-User": "mallory",
        "X-Email": "mallory@evil.example",
        "From": "mallory@evil.example",
        "Authorization": "Basic bWFsbG9yeTptYWxsb3J5",
        **{f"X-{name}": value for name, value in _MALLORY.items()},
    }
    requests: list[dict[str, Any]] = [
        {"query_string": _MALLORY},
        {"data": _MALLORY},
        {"json": _MALLORY},
        {"headers": headers},
        {"environ_base": {"REMOTE_USER": "mallory", "AUTH_TYPE": "Basic"}},
    ]
    for arguments in requests:
        response = client.get(PREFIX, **arguments)
        claims = claims_of(sent_token(response))
        assert set(claims) == {"email", "name", "jti", "iat", "exp"}
        assert claims["email"] == "ada@example.com"
        assert claims["name"] == "Ada Lovelace"
        assert claims["jti"] != "1"


def test_nothing_in_a_request_signs_an_anonymous_visitor_in():
    app = make_app(User("ada"), User("mallory"))
    client = app.test_client()
    client.set_cookie("session", "eyJfdXNlcl9pZCI6Im1hbGxvcnkifQ.Z0000A.forged")
    client.set_cookie("remember_token", "mallory|" + "0" * 128)
    response = client.get(
        PREFIX,
        query_string=_MALLORY,
        headers={"Authorization": "Bearer mallory", "X-Forwarded-User": "mallory"},
        environ_base={"REMOTE_USER": "mallory"},
    )
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login?")

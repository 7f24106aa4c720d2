"""Where the example's login sends people on to: never to another host."""

from urllib.parse import quote

import pytest

HONEST = [
    "/",
    "/tasks",
    "/whats-new#deep-link",
    "/tasks?a=1&a=2&b=&c",
    "/tasks?q=a+b%2Bc%20d&e=caf%C3%A9&r=%2525",
    "/100%",
    "/a;b=1~'()*!$;,",
    "/@evil.example",
    "/a//evil.example",
    "/.//evil.example",
    "/%2F/evil.example",
    "/a?next=https://evil.example/#//evil.example",
    "/login?next=//evil.example",
    "/sso/feedbackchimp?redirect=http%3A%2F%2Flocalhost%3A5001%2Fb%3Fa%3D1%23c",
]

REFUSED = [
    "",
    "tasks",
    "../tasks",
    "//evil.example",
    "///evil.example",
    r"/\evil.example",
    r"\\evil.example",
    r"\/evil.example",
    r"/\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\t\\evil.example",
    "\t//evil.example",
    " //evil.example",
    "/tasks\n",
    "/tasks\r\nSet-Cookie: a=b",
    "//\uff0fevil.example",
    "http://localhost/tasks",
    "https://evil.example",
    "HTTP://evil.example/",
    "ht\ntp://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "http://localhost@evil.example/",
    "http://[",
    "javascript:alert(1)",
    "JaVaScRiPt://localhost/%0aalert(1)",
    "data:text/html,x",
]


@pytest.mark.parametrize("url", HONEST)
def test_page_of_this_site(visitor, url):
    """It is gone on to after the login, letter for letter."""
    login = f"/login?next={quote(url, safe='')}"
    response = visitor.log_in("ada@example.com", at=login)
    assert response.location == url


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_anything_else_leads_home(visitor, url):
    login = f"/login?next={quote(url, safe='')}"
    response = visitor.log_in("ada@example.com", at=login)
    assert response.location == "/"


def test_logged_in_already(ada):
    """The login page sends people on as if they had just logged in."""
    assert ada.get("/login?next=/tasks").location == "/tasks"
    assert ada.get("/login?next=//evil.example").location == "/"


def test_page_that_asked_for_the_login(visitor):
    """Flask-Login writes what is not ASCII as it is; the way back is encoded again."""
    page = "/tasks?q=caf%C3%A9%E3%80%80%F0%9F%98%80&r=a+b%20%09c"
    login = visitor.get(page).location
    assert visitor.log_in("ada@example.com", at=login).location == page


def test_home_is_where_the_app_is_mounted(ada):
    """Not the first page of the whole site."""
    response = ada.get(
        "/login?next=//evil.example", base_url="http://localhost/daybook"
    )
    assert response.location == "/daybook/"

"""The stand-in board, and tokens and pages for tests of it."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask

from flask_feedbackchimp import Identity, tokens
from flask_feedbackchimp.sandbox import create_sandbox
from flask_feedbackchimp.settings import Secret
from support.apps import SECRET

SSO_URL = "http://localhost:5000/sso/feedbackchimp"
POST = "/board/1002-feature-requests/31-dark-mode"


def make_board(return_url: str = "{page}?ssoToken={token}", **options: Any) -> Flask:
    """A stand-in with the tests' secret, and an administrator."""
    given = {"sso_url": SSO_URL, "admins": ["Boss@example.com"]} | options
    return create_sandbox(SECRET, return_url=return_url, **given)


def sign(
    email: str = "ada@example.com",
    name: str = "Ada Lovelace",
    *,
    claims: dict[str, Any] | None = None,
    lifetime: int | None = 300,
) -> str:
    """A token as an app signs one."""
    identity = Identity(email, name, claims or {})
    return tokens.sign(Secret(SECRET), tokens.prepare_claims(identity, lifetime))


class _Elements(HTMLParser):
    """Keeps the tag and the attributes of every element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(response: Any, *tags: str) -> list[dict[str, Any]]:
    """The attributes of every element of a page that has one of these tags."""
    parser = _Elements()
    parser.feed(response.text)
    return [attrs for tag, attrs in parser.found if not tags or tag in tags]


def log_in_link(response: Any) -> str:
    """Where *Log in* leads."""
    [url] = [a["href"] for a in elements(response, "a") if a.get("id") == "log-in"]
    return url


def sent_along(url: str, name: str = "redirect") -> str:
    """The one value of a parameter of a URL."""
    [value] = parse_qs(urlsplit(url).query)[name]
    return value

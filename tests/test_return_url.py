"""``FEEDBACKCHIMP_RETURN_URL``: every form of it sends people back, or is refused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from flask_feedbackchimp import ConfigError, FeedbackChimp
from flask_feedbackchimp.testing.reading import read_page
from support.apps import BOARD, SECRET, claims_of, make_app
from support.corpora import EVIL, Honest
from support.shop import open_shop
from support.url_strategies import composed_pages
from support.wire import Answer, Browser, page_query

POST = "/board/1002-feature-requests/31-dark-mode?sort=new&tag=a&tag=b%2Bc&q=x+y"
#: Every template that the contract promises, and the host that each sends people to.
ELSEWHERE = "https://login.example.net"
TEMPLATES = {
    "{page}?ssoToken={token}": BOARD,
    "{page}?jwt={token}&v=2": BOARD,
    "/api/redirects/sso?companyID={companyID}&ssoToken={token}&redirect={page}": BOARD,
    f"{ELSEWHERE}/access/jwt?jwt={{token}}&return_to={{page}}": ELSEWHERE,
    "/sso/{token}?to={page}": BOARD,
    "/login?token={token}&state={state}": BOARD,
}


def ada(template: str, **config: Any) -> Browser:
    """Ada, signed in on an app that has a return URL."""
    return Browser(make_app(FEEDBACKCHIMP_RETURN_URL=template, **config), "ada")


# There and back


class _Router(HTTPRedirectHandler):
    """Takes the hop to the other host to the stand-in, which answers its path."""

    def __init__(self, board_url: str) -> None:
        self._board_url = board_url

    def redirect_request(self, *args: Any) -> Any:
        *others, url = args
        return super().redirect_request(
            *others, url.replace(ELSEWHERE, self._board_url, 1)
        )


@pytest.mark.parametrize("template", TEMPLATES)
def test_there_and_back(serve: Any, template: str) -> None:
    """From *Log in* on the board by the app's login form to that page, signed in."""
    shop = open_shop(serve, FEEDBACKCHIMP_RETURN_URL=template)
    post = f"{shop.board.url}{POST}"
    browser = build_opener(HTTPCookieProcessor(), _Router(shop.board.url))
    with browser.open(post) as page:
        links = read_page(page.read().decode()).links
    log_in = next(link.url for link in links if link.text == "Log in")
    with browser.open(urljoin(post, log_in)) as form:
        assert form.url.startswith(f"{shop.server.url}/sign-in?next=")
    with browser.open(form.url, data=b"") as page:
        assert page.url == post
        assert "Ada Lovelace" in page.read().decode()
    [arrival] = shop.arrivals
    assert (arrival.page, arrival.claims["email"]) == (post, "ada@example.com")
    sent = [answer.location for answer in shop.server.exchanges][-1] or ""
    assert sent.startswith(TEMPLATES[template].replace(BOARD, shop.board.url))


# What is sent


def names(first: str) -> st.SearchStrategy[list[str]]:
    """Names that differ, also for a server that ignores case."""
    pattern = rf"\A{first}[A-Za-z0-9._~-]{{0,6}}\Z"
    return st.lists(st.from_regex(pattern), max_size=4, unique_by=str.casefold)


CONSTANT = st.lists(
    st.sampled_from([*"azAZ09-._~!$'()*+,;:@/?", "%20", "%26", "%7B", "%FF"])
).map("".join)
PATH = st.sampled_from(["/", "/sso", "/a/b/", "/t/token/~x;y=1", "/%7Btoken%7D/z"])
ORIGIN = st.sampled_from(
    ["", "", "https://login.example.net:8443", "http://[::1]:5000"]
)


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A template made of allowed parts, and the parameters that it hands on.

    Names begin with a "T", which no page of :func:`composed_pages` has.
    """
    handed_on = draw(names("q"))
    values = [draw(CONSTANT) for _ in range(draw(st.integers(0, 2)))]
    values += [f"{{{name}}}" for name in handed_on]
    base = "{page}" if draw(st.booleans()) else draw(ORIGIN) + draw(PATH)
    if base != "{page}" and draw(st.booleans()):
        base = f"{base.rstrip('/')}/{{token}}{draw(PATH)}"
    else:
        values.append("{token}")
    if base != "{page}" and draw(st.booleans()):
        values.append("{page}")
    values = draw(st.permutations(values))
    pairs = [f"T{number}_={value}" for number, value in enumerate(values)]
    pairs += ["Tflag"] * draw(st.integers(0, 1))
    return f"{base}{'?' if pairs else ''}{'&'.join(pairs)}", handed_on


def template_parts(template: str) -> tuple[str, list[str]]:
    base, _, query = template.partition("?")
    return base, query.split("&") if query else []


@given(templates(), composed_pages(), st.lists(st.none() | st.binary(), min_size=4))
@example(("{page}?T={token}&U={q}", ["q"]), Honest("/", f"{BOARD}/"), [b"&T=x;#\xff +"])
def test_what_is_sent(
    template: tuple[str, list[str]], honest: Honest, values: list[bytes | None]
) -> None:
    """The template's origin, the page's own pairs, each value once, and one token."""
    text, handed_on = template
    given = dict(zip(handed_on, values, strict=False))
    came = [f"{n}={quote(v, safe='')}" for n, v in given.items() if v is not None]
    answer = ada(text).get("&".join([page_query(honest.page), *came, "other=1"]))
    location = answer.location or ""
    assert answer.status_code == 302
    [token] = re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", location)
    assert claims_of(token)["email"] == "ada@example.com"

    base, pairs = template_parts(text)
    fragment, own = "", []
    if base == "{page}":
        base, _, query = honest.address.partition("?")
        own, fragment = query.split("&") if query else [], honest.fragment
    elif base.startswith("/"):
        base = BOARD + base
    url, _, sent_query = location.partition("#")[0].partition("?")
    assert urlsplit(location)[:2] == urlsplit(base)[:2]
    assert url == base.replace("{token}", token)
    assert location.partition("#")[2] == fragment[1:]

    sent = sent_query.split("&") if sent_query else []
    known = {"token": token.encode(), "page": honest.url.encode(), **given}
    expected = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        if value[:1] != "{":
            expected.append((pair.replace(";", "%3B"), None))
        elif (known_value := known.get(value[1:-1])) is not None:
            expected.append((name, known_value))
    assert sent[: len(own)] == own
    assert [
        (pair, None) if value is None else decoded(pair)
        for pair, (_, value) in zip(sent[len(own) :], expected, strict=True)
    ] == expected
    assert ";" not in sent_query


def decoded(pair: str) -> tuple[str, bytes]:
    name, _, value = pair.partition("=")
    assert re.fullmatch(r"(?:[\w.~-]|%[0-9A-F]{2})*", value, re.ASCII)
    return name, unquote_to_bytes(value)


@pytest.mark.parametrize(
    ("came", "goes"),
    [
        ("state=abc", "&s=abc"),
        ("state", "&s="),
        ("state==a=", "&s=%3Da%3D"),
        ("state=a+b%20c%2Bd", "&s=a%20b%20c%2Bd"),
        ("state=%FF%00%0d%0a%zz", "&s=%FF%00%0D%0A%25zz"),
        ("st%61te=%26redirect%3D//x", "&s=%26redirect%3D%2F%2Fx"),
        ("state=a;t=b", "&s=a%3Bt%3Db"),
        ("state=\xc3\xa9 \"<>\\\r\n#'", "&s=%C3%A9%20%22%3C%3E%5C%0D%0A%23%27"),
        ("&&%FF=1&state=1&&y=2", "&s=1"),
        ("State=1&states=2&state%5B%5D=5&=4&t=old&email=eve%40example.com", ""),
    ],
)
def test_values_are_handed_on(came: str, goes: str) -> None:
    """Decoded once and encoded again; only what the template names, wherever it is."""
    browser = ada("/sso?s={state}&t={token}")
    for query in (f"{came}&redirect=/x", f"redirect=/x&{came}"):
        before, _, token = (browser.get(query).location or "").rpartition("t=")
        assert before == f"{BOARD}/sso?{goes[1:]}{goes and '&'}"
        assert claims_of(token)


def test_value_given_twice_is_400() -> None:
    """Whichever of the two the board would have taken."""
    browser = ada("/sso?s={state}&t={token}")
    for query in (
        "state=1&state=1",
        "st%61te=1&x=2&state",
        "redirect=/x&state=&state=",
    ):
        answer = browser.get(query)
        assert (answer.status_code, answer.location) == (400, None)
        assert "parameter_repeated" in answer.text


def test_value_of_the_page_is_not_handed_on() -> None:
    answer = ada("{page}?t={token}&s={state}").go("/x?state=1")
    assert re.fullmatch(rf"{BOARD}/x\?state=1&t=[^&]+", answer.location or "")


def test_values_that_do_not_fit() -> None:
    browser = ada("/sso?s={state}&t={token}")
    assert browser.get(f"state={'x' * 3000}").status_code == 302
    assert browser.get(f"state={'x' * 4000}").status_code == 400


def test_token_in_the_path() -> None:
    """No parameter of a page is the token then, so none is dropped."""
    answer = ada("/sso/{token}/in?to={page}").go("/x?ssoToken=1&token=2")
    page = quote(f"{BOARD}/x?ssoToken=1&token=2", safe="")
    match = re.fullmatch(rf"{BOARD}/sso/([^/]+)/in\?to={page}", answer.location or "")
    assert match
    assert claims_of(match[1])
    for template in ("/sso/{token}", "/sso/{token}?s={state}"):
        location = ada(template).get().location or ""
        assert claims_of(location.removeprefix(f"{BOARD}/sso/"))


# What is refused

REFUSED = {
    # No token, or more than one; a placeholder twice.
    **dict.fromkeys(
        ["", "/", "/sso", "{page}", "{page}?a=b", "https://a.example"], "no {t"
    ),
    **dict.fromkeys(["/sso?page={page}", "{page}?t={Token}", "/token"], "no {token}"),
    "{page}?a={token}&b={token}": "{token} twice",
    "/sso/{token}?t={token}": "{token} twice",
    "/{token}/{token}": "{token} twice",
    "/sso?t={token}&a={page}&b={page}": "{page} twice",
    "{page}?t={token}&to={page}": "{page} twice",
    "/sso?t={token}&a={id}&b={id}": "{id} twice",
    # A placeholder where none can be.
    "{scheme}://a.example/?t={token}": "must begin with",
    "https://{host}/?t={token}": "a placeholder in a place",
    "https://a.example:{port}/?t={token}": "a placeholder in a place",
    "https://{token}@a.example/": "a placeholder in a place",
    "https://{token}.example/": "a placeholder in a place",
    "https://a.example/{id}?t={token}": "a placeholder in a place",
    "/sso/x{token}": "a placeholder in a place",
    "/sso/{token}.html?a={page}": "a placeholder in a place",
    "/{page}?t={token}": "a placeholder in a place",
    "{token}": "must begin with",
    "{token}/sso": "must begin with",
    "{page}/sso?t={token}": "must go on with a query",
    "{page}{token}": "must go on with a query",
    "{page}&t={token}": "must go on with a query",
    "/sso?{token}": "not one whole value",
    "/sso?{page}={token}": "not one whole value",
    "/sso?t=Bearer+{token}": "not one whole value",
    "/sso?t={token}x": "not one whole value",
    "/sso?t={token}{id}": "not one whole value",
    "/sso?t={token};to={page}": "not one whole value",
    # Braces and fragments.
    "{page}?t=${token}": "JavaScript",
    "https://a.example/sso?ssoToken=${ssoToken}&companyID=${companyID}": "JavaScript",
    "{page}?t={{token}}": "a brace that is not",
    "{page}?t={token": "a brace that is not",
    "page}?t={token}": "a brace that is not",
    "{page}?t={}&u={token}": "a brace that is not",
    "/sso?t={token}&a={a b}": "a brace that is not",
    "/sso?t={token}&a={\xe9}": "a brace that is not",
    f"/sso?t={{token}}&a={{{'a' * 65}}}": "a brace that is not",
    "{page}#{token}": "must not have a fragment",
    "{page}?t={token}#": "must not have a fragment",
    "https://a.example/#/sso?t={token}": "must not have a fragment",
    # Origins and paths.
    "sso?t={token}": "must begin with",
    " /sso?t={token}": "must begin with",
    "?t={token}": "must begin with",
    "ftp://a.example/?t={token}": "must begin with",
    "javascript:alert(1)//?t={token}": "must begin with",
    f"//{EVIL}/?t={{token}}": "a path that does not belong",
    "https:/a.example/?t={token}": "must begin with",
    "http://a.example/?t={token}": "only for this machine",
    f"https://ada@{EVIL}/?t={{token}}": "user name",
    "https:///?t={token}": "no host name",
    "https://a.example:99999/?t={token}": "port",
    "https://a_b/?t={token}": "plain DNS",
    "https://a.example\\/?t={token}": "plain DNS",
    "https://a.example//x?t={token}": "a path that does not belong",
    "/a/../sso?t={token}": "a path that does not belong",
    "/./{token}": "a path that does not belong",
    "/s so?t={token}": "a path that does not belong",
    "/sso\\?t={token}": "a path that does not belong",
    "/\xe9?t={token}": "a path that does not belong",
    "/100%/?t={token}": "a path that does not belong",
    # Pairs.
    "/sso?={token}": "a pair whose name is missing",
    "/sso?a b={token}": "a pair whose name is missing",
    "/sso?a[]={token}": "a pair whose name is missing",
    "/sso?t={token}&a=b=c": "a value with characters",
    "/sso?t={token}&a=<b>": "a value with characters",
    "/sso?t={token}&a=%zz": "a value with characters",
    "/sso?t={token}\n": "not one whole value",
    "/sso?t={token}&a=b\n": "a value with characters",
    "/sso?t={token}&t=2": "two parameters of one name",
    "/sso?t={token}&T=2": "two parameters of one name",
    "/sso?t={token}&t%5B%5D=2": "two parameters of one name",
    "/sso?a=1&t={token}&%61={page}": "two parameters of one name",
    # The page as it came in, which nobody has checked.
    "/sso?t={token}&to={redirect}": "nobody has checked",
}


def touched(app: Flask) -> list[Any]:
    """What ``init_app`` changes in an app."""
    return [
        *(dict(app.extensions), dict(app.blueprints), dict(app.jinja_env.globals)),
        *([*app.url_map.iter_rules()], app.url_rule_class, dict(app.config)),
        dict(app.cli.commands),
    ]


@pytest.mark.parametrize(("template", "said"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_refused_template(template: str, said: str) -> None:
    """One problem that names the key and a form that works; the app as it was."""
    app = Flask("shop")
    app.config.update(
        FEEDBACKCHIMP_JWT_SECRET=SECRET,
        FEEDBACKCHIMP_ORGANIZATION="acme",
        FEEDBACKCHIMP_RETURN_URL=template,
    )
    before = touched(app)
    with pytest.raises(ConfigError) as caught:
        FeedbackChimp(app)
    [problem] = caught.value.problems
    assert problem.startswith("FEEDBACKCHIMP_RETURN_URL ")
    assert said in problem
    assert touched(app) == before
    forms = re.findall(r"(?:write it like|, as in) (\S+?)[;.]?(?= |\Z)", problem)
    assert any(ada(form).get().status_code == 302 for form in forms[-1:])


def test_redirect_param_is_no_placeholder() -> None:
    """Under whatever name; another app may hand on a parameter called redirect."""
    template = "/sso?t={token}&a={to}&b={redirect}"
    answer: Answer = ada(
        template.replace("{to}", "1"), FEEDBACKCHIMP_REDIRECT_PARAM="x"
    ).get()
    assert answer.status_code == 302
    with pytest.raises(ConfigError, match=r"RETURN_URL has {to}.*&to={page}"):
        ada(template, FEEDBACKCHIMP_REDIRECT_PARAM="to")

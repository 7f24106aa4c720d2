"""``FEEDBACKCHIMP_RETURN_URL``: what each form of it sends, or why it is refused."""

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_feedbackchimp import ConfigError
from support.apps import BOARD, claims_of, make_app
from support.corpora import Honest
from support.url_strategies import composed_pages
from support.wire import Browser, page_query


def ada(template: str, **config: Any) -> Browser:
    """Ada, signed in on an app that has a return URL."""
    return Browser(make_app(FEEDBACKCHIMP_RETURN_URL=template, **config), "ada")


BASES = [
    "{page}",
    "/",
    "/sso",
    "/a/b/",
    "/t/token/~x;y=1",
    "/%7Btoken%7D/z",
    "/{token}",
    "/sso/{token}/in",
    "https://login.example:8443/",
    "https://login.example:8443/sso",
    "https://login.example:8443/sso/{token}",
    "http://[::1]:5000/sso",
]
CONSTANTS = st.from_regex(r"\A([a-zA-Z0-9._~!$'()*+,;:@/?-]|%20|%26|%7B|%FF)*\Z")
# Names differ also for a server that ignores case.
NAMES = st.lists(
    st.from_regex(r"\Aq[A-Za-z0-9._~-]{0,6}\Z"), max_size=4, unique_by=str.casefold
)


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A template made of allowed parts, and the parameters that it forwards.

    Names begin with a "T", which no page of :func:`composed_pages` has.
    """
    base = draw(st.sampled_from(BASES))
    forwarded = draw(NAMES)
    values = [f"{{{name}}}" for name in forwarded]
    values += draw(st.lists(CONSTANTS, max_size=2))
    if "{token}" not in base:
        values.append("{token}")
    if base != "{page}" and draw(st.booleans()):
        values.append("{page}")
    values = draw(st.permutations(values))
    pairs = [f"T{number}_={value}" for number, value in enumerate(values)]
    if draw(st.booleans()):
        pairs.append("Tflag")
    return f"{base}?{'&'.join(pairs)}" if pairs else base, forwarded


def parts(url: str) -> tuple[str, list[str], str]:
    """A URL's address, its pairs and its fragment."""
    rest, _, fragment = url.partition("#")
    address, _, query = rest.partition("?")
    return address, query.split("&") if query else [], fragment


def decoded(pair: str) -> tuple[str, bytes]:
    name, _, value = pair.partition("=")
    assert re.fullmatch(r"(?:[\w.~-]|%[0-9A-F]{2})*", value, re.ASCII)
    return name, unquote_to_bytes(value)


@given(templates(), composed_pages(), st.lists(st.none() | st.binary(), min_size=4))
@example(("{page}?T={token}&U={q}", ["q"]), Honest("/", f"{BOARD}/"), [b"&T=x;#\xff +"])
def test_what_is_sent(
    template: tuple[str, list[str]], honest: Honest, values: list[bytes | None]
) -> None:
    """The template's origin, the page's own pairs, each value once, and one token."""
    text, forwarded = template
    given = dict(zip(forwarded, values, strict=False))
    query = [page_query(honest.page), "other=1"]
    for name, value in given.items():
        if value is not None:
            query.append(f"{name}={quote(value, safe='')}")
    answer = ada(text).get("&".join(query))
    assert answer.status_code == 302
    location = answer.location or ""
    [token] = re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", location)
    assert claims_of(token)["email"] == "ada@example.com"

    base, pairs, fragment = parts(text)
    own: list[str] = []
    if base == "{page}":
        base, own, fragment = parts(honest.url)
    elif base.startswith("/"):
        base = BOARD + base
    address, sent, sent_fragment = parts(location)
    assert address == base.replace("{token}", token)
    assert sent_fragment == fragment

    assert sent[: len(own)] == own
    rest = iter(sent[len(own) :])
    known = {"token": token.encode(), "page": honest.url.encode(), **given}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not value.startswith("{"):
            assert next(rest) == pair.replace(";", "%3B")
        elif known.get(value[1:-1]) is not None:
            assert decoded(next(rest)) == (name, known[value[1:-1]])
    assert list(rest) == []


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
def test_values_are_forwarded(came: str, goes: str) -> None:
    """Decoded once and encoded again; only what the template names, wherever it is."""
    browser = ada("/sso?s={state}&t={token}")
    for query in (f"{came}&redirect=/x", f"redirect=/x&{came}"):
        before, _, token = (browser.get(query).location or "").rpartition("t=")
        assert before == f"{BOARD}/sso?{goes[1:]}{goes and '&'}"
        assert claims_of(token)


def test_value_given_twice_is_400() -> None:
    """Whichever of the two the board would have taken."""
    browser = ada("/sso?s={state}&t={token}")
    for query in ("state=1&state=1", "st%61te=1&x=2&state", "redirect=/&state=&state="):
        answer = browser.get(query)
        assert (answer.status_code, answer.location) == (400, None)
        assert "parameter_repeated" in answer.text


def test_value_of_the_page_is_not_forwarded() -> None:
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
    assert claims_of(match[1])
    for template in ("/sso/{token}", "/sso/{token}?s={state}"):
        location = ada(template).get().location or ""
        assert claims_of(location.removeprefix(f"{BOARD}/sso/"))


def test_path_of_three_dots():
    """Only one or two are read as dot segments (RFC 3986 §5.2.4)."""
    location = ada("/.../sso?t={token}").get().location
    assert location.startswith(f"{BOARD}/.../sso?t=")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("/", "no {token}"),
        ("/sso", "no {token}"),
        ("{page}", "no {token}"),
        ("{page}?a=b", "no {token}"),
        ("https://a.b", "no {token}"),
        ("/?p={page}", "no {token}"),
        ("/token", "no {token}"),
        ("{page}?t={Token}", "no {token}"),
        ("{page}?a={token}&b={token}", "{token} twice"),
        ("/sso/{token}?t={token}", "{token} twice"),
        ("/{token}/{token}", "{token} twice"),
        ("/sso?t={token}&a={page}&b={page}", "{page} twice"),
        ("{page}?t={token}&to={page}", "{page} twice"),
        ("/sso?t={token}&a={id}&b={id}", "{id} twice"),
        ("{s}://a/?t={token}", "must begin with"),
        ("{token}", "must begin with"),
        ("{token}/sso", "must begin with"),
        ("sso?t={token}", "must begin with"),
        ("?t={token}", "must begin with"),
        ("ftp://a/?t={token}", "must begin with"),
        ("https:/a/?t={token}", "must begin with"),
        ("javascript:a//?t={token}", "must begin with"),
        (" /sso?t={token}", "must begin with"),
        ("https://{host}/?t={token}", "a placeholder in a place"),
        ("https://a.example:{port}/{token}", "a placeholder in a place"),
        ("https://{token}@a.example/", "a placeholder in a place"),
        ("https://{token}.example/", "a placeholder in a place"),
        ("https://a.example/{id}?t={token}", "a placeholder in a place"),
        ("/{page}?t={token}", "a placeholder in a place"),
        ("/sso/x{token}", "a placeholder in a place"),
        ("/sso/{token}.html?a={page}", "a placeholder in a place"),
        ("{page}/sso?t={token}", "must go on with a query"),
        ("{page}{token}", "must go on with a query"),
        ("{page}&t={token}", "must go on with a query"),
        ("/sso?{token}", "not one whole value"),
        ("/sso?{page}={token}", "not one whole value"),
        ("/sso?t=Bearer+{token}", "not one whole value"),
        ("/sso?t={token}x", "not one whole value"),
        ("/sso?t={token}{id}", "not one whole value"),
        ("/sso?t={token};to={page}", "not one whole value"),
        ("/sso?t={token}\n", "not one whole value"),
        ("{page}?t=${token}", "JavaScript"),
        ("https://a.example/sso?ssoToken=${ssoToken}&x=${id}", "JavaScript"),
        ("{page}?t={{token}}", "a brace that is not"),
        ("{page}?t={token", "a brace that is not"),
        ("page}?t={token}", "a brace that is not"),
        ("{page}?t={}&u={token}", "a brace that is not"),
        ("/sso?t={token}&a={\xe9}", "a brace that is not"),
        ("/sso?t={token}&a={a b}", "a brace that is not"),
        (f"/sso?t={{token}}&a={{{'a' * 65}}}", "a brace that is not"),
        ("{page}#{token}", "must not have a fragment"),
        ("{page}?t={token}#", "must not have a fragment"),
        ("https://a.b/#/?t={token}", "must not have a fragment"),
        ("https://a_b/?t={token}", "plain DNS"),
        ("https://a.example\\/?t={token}", "plain DNS"),
        ("//a.example/?t={token}", "a path that does not belong"),
        ("https://a.example//x?t={token}", "a path that does not belong"),
        ("/a/../sso?t={token}", "a path that does not belong"),
        ("/./{token}", "a path that does not belong"),
        ("/sso\\?t={token}", "a path that does not belong"),
        ("/\xe9?t={token}", "a path that does not belong"),
        ("/100%/?t={token}", "a path that does not belong"),
        ("https://a.example/\\b?t={token}", "a path that does not belong"),
        ("https://a.example/\xe9?t={token}", "a path that does not belong"),
        ("https://a.example/a b?t={token}", "a path that does not belong"),
        ("https://a.example/\n?t={token}", "a path that does not belong"),
        ("https://a.example/..?t={token}", "a path that does not belong"),
        ("https://a.example/./x?t={token}", "a path that does not belong"),
        ("https://a.example/a/../b?t={token}", "a path that does not belong"),
        ("https://a.example/%?t={token}", "a path that does not belong"),
        ("https://a.example/%zz?t={token}", "a path that does not belong"),
        ("https://a.example/\ud800?t={token}", "a path that does not belong"),
        ("/s so?t={token}", "a path that does not belong"),
        ("/sso?={token}", "a pair whose name is missing"),
        ("/sso?a[]={token}", "a pair whose name is missing"),
        ("/sso?a b={token}", "a pair whose name is missing"),
        ("/?t={token}&a=b=c", "a value with characters"),
        ("/?t={token}&a=<b>", "a value with characters"),
        ("/?t={token}&a=%zz", "a value with characters"),
        ('/?t={token}&a="b"', "a value with characters"),
        ("/?t={token}&a=[b]", "a value with characters"),
        ("/?t={token}&a=\x00", "a value with characters"),
        ("/?t={token}&a=b\u2028", "a value with characters"),
        ("/sso?t={token}&a=b\n", "a value with characters"),
        ("{page}?%5B%5D={token}", "read without a name"),
        ("/sso?%00={token}", "read without a name"),
        ("/?%20={token}", "read without a name"),
        ("/sso?t={token}&t=2", "two parameters of one name"),
        ("/sso?t={token}&T=2", "two parameters of one name"),
        ("/sso?t={token}&t%5B%5D=2", "two parameters of one name"),
        ("/sso?t={token}&[t]=2", "a pair whose name is missing"),
        ("/sso?t={token}&%5Bt%5D=2", "two parameters of one name"),
        ("/sso?t.u={token}&t_u=2", "two parameters of one name"),
        ("/sso?a=1&t={token}&A=2", "two parameters of one name"),
        ("/sso?a=1&t={token}&%61={page}", "two parameters of one name"),
        ("/sso?t={token}&to={redirect}", "nobody has checked"),
    ],
)
def test_refused_template(template: str, said: str) -> None:
    """One problem that names the key and a form that works."""
    with pytest.raises(ConfigError) as caught:
        ada(template)
    [problem] = caught.value.problems
    assert problem.startswith("FEEDBACKCHIMP_RETURN_URL ")
    assert said in problem
    forms = re.findall(r"(?:write it like|, as in) (\S+?)[;.]?(?= |\Z)", problem)
    assert ada(forms[-1]).get().status_code == 302


def test_redirect_param_is_no_placeholder() -> None:
    """Under whatever name; another app may forward a parameter called redirect."""
    template = "/sso?t={token}&b={redirect}"
    assert ada(template, FEEDBACKCHIMP_REDIRECT_PARAM="x").get().status_code == 302
    with pytest.raises(ConfigError, match=r"RETURN_URL has {to}.*&to={page}"):
        ada(f"{template}&a={{to}}", FEEDBACKCHIMP_REDIRECT_PARAM="to")

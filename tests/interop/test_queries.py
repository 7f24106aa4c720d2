"""What is sent, as boards read it: on Node, with Rack, and with PHP.

Where one of them finds the token's name, it finds the token, once; so it is for every
other parameter of ``FEEDBACKCHIMP_RETURN_URL``.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.apps import make_app, sent_token
from support.corpora import (
    UNDERSCORED_NAMES,
    VICTIMS,
    honest_pages,
    hostile_pages,
    token_attacks,
    token_names,
)
from support.outside import node, npm_packages, php, ruby, run_script
from support.wire import Browser, page_query


def run_on_node(queries: list[str]) -> Any:
    npm_packages("express-4", "express-5", "qs-6.7", "qs-6")
    return run_script(node(), Path(__file__).with_name("queries.mjs"), queries)


def run_rack(queries: list[str]) -> Any:
    return run_script(ruby(), Path(__file__).with_name("queries.rb"), queries)


def run_php(queries: list[str]) -> Any:
    return run_script(php(), Path(__file__).with_name("queries.php"), queries)


#: Each takes queries, and says what each of its readers made of them.
PLATFORMS = {"node": run_on_node, "rack": run_rack, "php": run_php}

every_platform = pytest.mark.parametrize("run", PLATFORMS.values(), ids=PLATFORMS)


def flat(value: Any) -> list[Any]:
    """The values in a parameter; a list or an object counts by each member."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return [value]
    return [leaf for member in value for leaf in flat(member)]


def values(params: dict[str, Any], name: str) -> list[Any]:
    """What a reader found under a name, whatever the case and the space around it."""
    keys = [key for key in params if key.strip().casefold() == name.casefold()]
    return flat([params[key] for key in keys])


def sent_queries(template: str, queries: Iterable[str]) -> dict[str, str]:
    """The queries of the ``Location`` that are sent, each with the token in it."""
    [param] = re.findall(r"(\w+)=\{token\}", template)
    browser = Browser(make_app(FEEDBACKCHIMP_RETURN_URL=template), "ada")
    answers = [answer for answer in map(browser.get, queries) if answer.location]
    return {urlsplit(a.location).query: sent_token(a, param) for a in answers}


def assert_one_value(run: Any, expected: dict[str, dict[str, str]]) -> None:
    """Every reader finds, in each query, the values that are expected."""
    assert expected
    for reader, readings in run(list(expected)).items():
        for (query, wanted), params in zip(expected.items(), readings, strict=True):
            if params is None:  # Rack refuses a page's own bad escapes
                assert re.search("%(?![0-9A-Fa-f]{2})", query), (reader, query)
                continue
            for name, value in wanted.items():
                assert values(params, name) == [value], (reader, query)


@pytest.mark.parametrize(
    ("run", "reader", "query", "read"),
    [
        (run_on_node, "URLSearchParams", "ssoToken=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "Express 5, simple", "ssoToken=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "Express 4, extended", "ssoToken[]=EVE", ["EVE"]),
        (run_on_node, "Express 4, extended", "[ssoToken]=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "Express 5, extended", "[ssoToken]=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "Express 5, qs-6.7", "[ssoToken]=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "Express 5, qs-6.9", "%5BssoToken%5D[]=EVE", ["EVE"]),
        (run_on_node, "Express 5, qs-6.11", "[ssoToken]x=EVE", ["EVE"]),
        (run_on_node, "Express 5, qs-6", "[ssoToken][a]=EVE", ["EVE"]),
        (run_on_node, "qs-6 at dots", "ssoToken.x=EVE", ["EVE"]),
        (run_on_node, "qs-6 at dots", ".ssoToken=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "qs-6.7 at dots", ".ssoToken=EVE&ssoToken=R", ["EVE", "R"]),
        (run_on_node, "qs-6 at semicolons", "x=1;ssoToken=EVE", ["EVE"]),
        (run_on_node, "Express 5, extended", f"{'&' * 1000}ssoToken=R", []),
        (run_rack, "Rack", "]ssoToken=EVE", ["EVE"]),
        (run_rack, "Rack", "ssoToken]=EVE", ["EVE"]),
        (run_rack, "Rack", "[[ssoToken]]=EVE", ["EVE"]),
        (run_rack, "Rack", "x=1;ssoToken=EVE", ["EVE"]),
        (run_rack, "Rack, flat", "ssoToken=EVE&ssoToken=R", ["EVE", "R"]),
        (run_php, "PHP", "+ssoToken=EVE", ["EVE"]),
        (run_php, "PHP", "ssoToken%00x=EVE", ["EVE"]),
        (run_php, "PHP", "ssoToken[a][b]=EVE", ["EVE"]),
    ],
)
def test_attacks_have_teeth(run, reader, query, read):
    """Put into a query as they are, each platform reads some of them as a token."""
    [params] = run([query])[reader]
    assert values(params, "ssoToken") == read


@pytest.mark.parametrize("name", UNDERSCORED_NAMES)
def test_php_reads_underscores(name):
    [params] = run_php([f"{name}=EVE"])["PHP"]
    assert values(params, "sso_token") == ["EVE"]


@every_platform
@pytest.mark.parametrize("template", VICTIMS)
def test_one_token(run, template):
    """Ours, whatever the link to the app smuggles in."""
    pages = [*hostile_pages(), *(honest.page for honest in honest_pages())]
    queries = [f"{page_query(page)}&state=1" for page in pages]
    queries += [query for victim, query in token_attacks() if victim == template]
    sent = sent_queries(template, queries)
    assert_one_value(run, {q: {"ssoToken": token} for q, token in sent.items()})


@every_platform
def test_one_token_under_a_name_with_an_underscore(run):
    names = [*UNDERSCORED_NAMES, *token_names("sso_token")]
    queries = [page_query(f"/x?a=1&{name}=EVE&b=2") for name in names]
    sent = sent_queries("{page}?sso_token={token}", queries)
    assert_one_value(run, {q: {"sso_token": token} for q, token in sent.items()})


@every_platform
@pytest.mark.parametrize("param", ["tenant", "state", "jwt"])
def test_template_keeps_its_own_parameters(run, param):
    """A constant, a value handed on and the token arrive as they were meant."""
    template = "{page}?tenant=42&state={state}&jwt={token}"
    pages = [f"/x?{name}=666&b=2" for name in token_names(param)]
    queries = [f"{page_query(page)}&state=1" for page in pages]
    sent = sent_queries(template, queries)
    wanted = {"tenant": "42", "state": "1"}
    assert_one_value(run, {q: wanted | {"jwt": token} for q, token in sent.items()})

"""One token, ours, to every parser of queries that a board on Node may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.apps import make_app, sent_token
from support.corpora import VICTIMS, token_attacks
from support.outside import npm_packages, run_node
from support.wire import Browser

SCRIPT = Path(__file__).with_name("query_parsers.mjs")


def read(queries: list[str]) -> list[dict[str, list[str]]]:
    """For each query, what each parser takes for the token."""
    npm_packages("qs")
    readings: list[dict[str, list[str]]] = run_node(SCRIPT, queries)
    return readings


def test_attacks_have_teeth() -> None:
    """Put into a query as they are, each parser reads some of them as a token."""
    queries = ["ssoToken[]=EVE", "x=1;ssoToken=EVE", "ssoToken=EVE&ssoToken=ours"]
    listed, split, twice = read(queries)
    assert listed["qs"] == listed["a splitter at semicolons"] == ["EVE"]
    assert split["qs at semicolons"] == split["a splitter at semicolons"] == ["EVE"]
    assert {tuple(tokens) for tokens in twice.values()} == {("EVE", "ours")}
    [pushed_out] = read([f"{'&' * 1000}ssoToken=ours"])
    assert pushed_out["qs"] == []


def test_one_token_to_every_parser() -> None:
    browsers = {
        template: Browser(make_app(FEEDBACKCHIMP_RETURN_URL=template), "ada")
        for template in VICTIMS
    }
    answers: list[Any] = [browsers[t].get(query) for t, query in token_attacks()]
    sent = [urlsplit(answer.location or "").query for answer in answers]
    for answer, readings in zip(answers, read(sent), strict=True):
        token = sent_token(answer)
        assert set(map(tuple, readings.values())) == {(token,)}, answer.location

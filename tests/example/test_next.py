"""Where the example's login sends people on to: never off its own host."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from support.corpora import EVIL, FORBIDDEN, SURROGATES, honest_pages, hostile_pages
from support.outside import run_node
from support.sampling import sample

ORIGIN = "http://localhost"
BOARD = "http://localhost:5001"
ORIGINS_SCRIPT = Path(__file__).parents[1] / "support" / "origins.mjs"

# From here a URL parser can find no host: one slash and then another character than a
# slash or a backslash (WHATWG URL §4.4, "relative slash state"). All of it is ASCII
# that no parser drops.
PATH_ON_THIS_HOST = re.compile(r"/(?![/\\])[!-\[\]-~]*")

HONEST = f"""
    / /tasks /whats-new#deep-link /tasks?a=1&a=2&b=&c /100% /a;b=1~'()*!$;,
    /tasks?q=a+b%2Bc%20d&e=caf%C3%A9&r=%2525 /login?next=//{EVIL} /@{EVIL} /a//{EVIL}
    /sso/feedbackchimp?redirect=http%3A%2F%2Flocalhost%3A5001%2Fb%3Fa%3D1%23c
    /a?next=https://{EVIL}/#//{EVIL}
""".split()
#: What browsers read as another host is a path on this one.
DEFUSED = rf"""
    ///{EVIL} ////{EVIL} /\{EVIL} \\{EVIL} \/{EVIL} /\/{EVIL} /.//{EVIL}
    /%2e/..//{EVIL} http://localhost//{EVIL} http://localhost/\{EVIL}
    http:///{EVIL} http:/\{EVIL}
""".split()
#: Other hosts, schemes and ports, and what is not a URL at all.
REFUSED = rf"""
    //{EVIL} https://{EVIL} HTTP://{EVIL}/ https:{EVIL} https:///{EVIL}
    http://localhost@{EVIL}/ http://{EVIL}@localhost/ http://localhost\@{EVIL}/
    http://localhost.{EVIL} //localhost:80@{EVIL} https://localhost/
    http://localhost:81/ http://127.0.0.1/ javascript:alert(1) data:text/html,x
    JaVaScRiPt://localhost/%0aalert(1) http://[ http://[{EVIL}/ //／{EVIL}
""".split()
REFUSED += [f"/{x}{EVIL}" for x in ("\t/", "\n/", "\t/\\", "\r/")]
REFUSED += [f"ht\ntp://{EVIL}"]


def quoted(text: str) -> str:
    """A text as the value of a query parameter, every byte encoded once."""
    return quote(text, safe="", errors="surrogatepass")


def location_of(ada, query: str) -> str:
    """The ``Location`` that is sent to somebody who is logged in.

    :param query: the query string of the login page, a letter for every byte.
    """
    response = ada.get("/login", environ_overrides={"QUERY_STRING": query})
    assert response.status_code == 302
    return response.headers["Location"]


@pytest.mark.parametrize("url", HONEST)
def test_page_of_this_site(visitor, url):
    """It is gone on to after the login, letter for letter."""
    response = visitor.log_in("ada@example.com", at=f"/login?next={quoted(url)}")
    assert response.headers["Location"] == url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("", "/"),
        ("tasks", "/tasks"),
        ("../tasks", "/tasks"),
        ("http://localhost/tasks?a=1#b", "/tasks?a=1#b"),
        ("http://localhost", "/"),
        ("//localhost/tasks", "/tasks"),
        ("/café?q=日", "/caf%C3%A9?q=%E6%97%A5"),
        ("/tasks\r\nSet-Cookie: a=b", "/tasksSet-Cookie:%20a=b"),
        *((url, f"/{EVIL}") for url in DEFUSED),
    ],
    ids=ascii,
)
def test_other_spellings(ada, url, sent):
    """Relative, with this site's own origin, not in ASCII; or of a page not there."""
    assert location_of(ada, f"next={quoted(url)}") == sent


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_anything_else_leads_home(visitor, url):
    response = visitor.log_in("ada@example.com", at=f"/login?next={quoted(url)}")
    assert response.headers["Location"] == "/"


def test_no_page_or_several_lead_home(ada):
    """Bytes that are not UTF-8 included."""
    two, foreign = "next=/tasks&next=/tasks", f"next=/tasks&next=//{EVIL}"
    for query in ("", two, foreign, "next=/tasks\xff", "x=\xff&next=/tasks"):
        assert location_of(ada, query) == "/"


def test_home_is_where_the_app_is_mounted(visitor):
    """Not the first page of the whole site."""
    options = {"base_url": "http://localhost/daybook"}
    with visitor.session_transaction(**options) as session:
        session["_user_id"] = "1"
    sent = {f"//{EVIL}": "/daybook/", "": "/daybook/", "/daybook/x": "/daybook/x"}
    for url, location in sent.items():
        response = visitor.get(f"/login?next={quoted(url)}", **options)
        assert response.headers["Location"] == location


def hostile_corpus() -> list[str]:
    """Everything hostile, whatever it was made for, and every absolute URL."""
    paths = [
        f"{before}{character}{after}"
        for before, after in (("", "/tasks"), ("/", f"/{EVIL}"), ("/tasks", ""))
        for character in (*FORBIDDEN, *SURROGATES)
    ]
    honest = [page.page for page in honest_pages(BOARD)]
    everything = [*DEFUSED, *REFUSED, *paths, *hostile_pages(ORIGIN), *honest]
    return sample(list(dict.fromkeys(everything)))


def test_corpus_does_not_leave_this_host(ada):
    """The ``Location`` is judged as it left the app; by Node, too, as browsers do."""
    sent = {url: location_of(ada, f"next={quoted(url)}") for url in hostile_corpus()}
    assert len(sent) > 100
    assert not {u for u, to in sent.items() if not PATH_ON_THIS_HOST.fullmatch(to)}
    assert set(run_node(ORIGINS_SCRIPT, [ORIGIN, list(sent.values())])) == {ORIGIN}


def test_the_judges_know_a_url_that_leaves():
    """Otherwise the tests above could not fail."""
    leaving = [f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"https:{EVIL}", f"\\\\{EVIL}"]
    assert not any(map(PATH_ON_THIS_HOST.fullmatch, leaving))
    assert ORIGIN not in run_node(ORIGINS_SCRIPT, [ORIGIN, leaving])

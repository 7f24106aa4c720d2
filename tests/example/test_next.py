"""Where the example's login sends people on to: never off its own host."""

from __future__ import annotations

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

HONEST = (
    "/",
    "/tasks",
    "/whats-new#deep-link",
    "/tasks?a=1&a=2&b=&c",
    "/tasks?q=a+b%2Bc%20d&e=caf%C3%A9&r=%2525",
    "/sso/feedbackchimp?redirect=http%3A%2F%2Flocalhost%3A5001%2Fb%3Fa%3D1%23c",
    f"/login?next=//{EVIL}",
    f"/@{EVIL}",
    f"/a//{EVIL}",
    f"/a?next=https://{EVIL}/#//{EVIL}",
    "/100%",
    "/a;b=1~'()*!$;,",
)
#: Other spellings of pages on this site.
RESPELLED = (
    ("", "/"),
    ("tasks", "/tasks"),
    ("../tasks", "/tasks"),
    ("http://localhost/tasks?a=1#b", "/tasks?a=1#b"),
    ("http://localhost", "/"),
    ("//localhost/tasks", "/tasks"),
    ("/caf\u00e9?q=\u65e5", "/caf%C3%A9?q=%E6%97%A5"),
    ("/tasks\r\nSet-Cookie: a=b", "/tasksSet-Cookie:%20a=b"),
)
#: What browsers read as another host is a path on this one.
DEFUSED = (
    f"///{EVIL}",
    f"////{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"\\/{EVIL}",
    f"/\\/{EVIL}",
    f"/.//{EVIL}",
    f"/%2e/..//{EVIL}",
    f"http://localhost//{EVIL}",
    f"http://localhost/\\{EVIL}",
    f"http:///{EVIL}",
    f"http:/\\{EVIL}",
)
#: Other hosts, schemes and ports, and what is not a URL at all.
REFUSED = (
    f"//{EVIL}",
    f"https://{EVIL}",
    f"HTTP://{EVIL}/",
    f"ht\ntp://{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/\t/\\{EVIL}",
    f"/\r/{EVIL}",
    f"https:{EVIL}",
    f"https:///{EVIL}",
    f"http://localhost@{EVIL}/",
    f"http://{EVIL}@localhost/",
    f"http://localhost\\@{EVIL}/",
    f"http://localhost.{EVIL}",
    f"//localhost:80@{EVIL}",
    "https://localhost/",
    "http://localhost:81/",
    "http://127.0.0.1/",
    "javascript:alert(1)",
    "JaVaScRiPt://localhost/%0aalert(1)",
    "data:text/html,x",
    "http://[",
    f"http://[{EVIL}/",
    f"//\uff0f{EVIL}",
)


def quoted(text: str) -> str:
    """A text as the value of a query parameter, every byte encoded once."""
    return quote(text, safe="", errors="surrogatepass")


def location_of(ada, query: bytes | str) -> str:
    """The ``Location`` that is sent to somebody who is logged in.

    :param query: the query string of the login page, byte for byte.
    """
    if isinstance(query, bytes):
        query = query.decode("latin-1")  # as a server hands it on (PEP 3333)
    response = ada.get("/login", environ_overrides={"QUERY_STRING": query})
    assert response.status_code == 302
    return response.headers["Location"]


@pytest.mark.parametrize("url", HONEST)
def test_a_page_of_this_site_is_gone_on_to_as_it_is(visitor, url):
    """Path, query and fragment, letter for letter."""
    response = visitor.log_in("ada@example.com", at=f"/login?next={quoted(url)}")
    assert response.headers["Location"] == url


@pytest.mark.parametrize(("url", "sent"), RESPELLED)
def test_a_page_that_is_spelled_in_another_way_is_found(ada, url, sent):
    """Relative, with this site's own origin, or not in ASCII."""
    assert location_of(ada, f"next={quoted(url)}") == sent


@pytest.mark.parametrize("url", DEFUSED, ids=ascii)
def test_slashes_and_backslashes_in_front_lead_to_a_path(ada, url):
    """A page that is not there, on this site."""
    assert location_of(ada, f"next={quoted(url)}") == f"/{EVIL}"


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_anything_else_leads_home(visitor, url):
    """After the login."""
    response = visitor.log_in("ada@example.com", at=f"/login?next={quoted(url)}")
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"next=/tasks&next=/tasks",
        f"next=/tasks&next=//{EVIL}".encode(),
        b"next=/tasks\xff",
        b"x=\xff&next=/tasks",
    ],
)
def test_a_query_that_names_no_page_or_several_leads_home(ada, query):
    """Bytes that are not UTF-8 included."""
    assert location_of(ada, query) == "/"


def test_home_is_where_the_app_is_mounted(daybook, visitor):
    """Not the first page of the whole site."""
    options = {"base_url": "http://localhost/daybook"}
    ada = visitor.client
    with ada.session_transaction(**options) as session:
        session["_user_id"] = "1"
    for url, sent in (
        (f"//{EVIL}", "/daybook/"),
        ("", "/daybook/"),
        ("/daybook/tasks", "/daybook/tasks"),
    ):
        response = ada.get(f"/login?next={quoted(url)}", **options)
        assert response.headers["Location"] == sent


def test_no_value_of_the_corpus_leaves_this_host(ada):
    """The ``Location`` is judged as it left the app; by Node, too, as browsers do."""
    locations = {
        url: location_of(ada, f"next={quoted(url)}") for url in hostile_corpus()
    }
    leaving = {
        url: location
        for url, location in locations.items()
        if PATH_ON_THIS_HOST.fullmatch(location) is None
    }
    assert leaving == {}
    assert len(locations) > 100
    sent = list(locations.values())
    assert set(run_node(ORIGINS_SCRIPT, [ORIGIN, sent])) == {ORIGIN}


def hostile_corpus() -> list[str]:
    """Everything hostile, whatever it was made for, and every absolute URL."""
    paths = [
        f"{before}{character}{after}"
        for before, after in (("", "/tasks"), ("/", f"/{EVIL}"), ("/tasks", ""))
        for character in (*FORBIDDEN, *SURROGATES)
    ]
    honest = [page.page for page in honest_pages(BOARD)]
    everything = dict.fromkeys([*DEFUSED, *REFUSED, *paths, *hostile_pages(ORIGIN)])
    return sample(list(everything | dict.fromkeys(honest)))


def test_the_judges_know_a_url_that_leaves():
    """Otherwise the tests above could not fail."""
    leaving = [f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"https:{EVIL}", f"\\\\{EVIL}"]
    assert not any(map(PATH_ON_THIS_HOST.fullmatch, leaving))
    assert ORIGIN not in run_node(ORIGINS_SCRIPT, [ORIGIN, leaving])


@pytest.mark.parametrize(
    "page",
    [
        "/board/1002-feature-requests/34-export-to-csv?sort=new#comments",
        "/board/1?a=1&a=2&b=&q=a+b%2Bc%20d&r=%2525&next=/tasks#c?d=%23",
        "/caf%C3%A9?q=%E6%97%A5#%C3%A9",
    ],
)
def test_a_page_of_the_board_survives_the_login(visitor, page):
    """Query and fragment included, through two encodings and back."""
    asked = visitor.get(f"/sso/feedbackchimp?redirect={quoted(BOARD + page)}")
    assert asked.location.startswith("/login?next=")
    back = visitor.log_in("ada@example.com", at=asked.location).location
    location = visitor.get(back).headers["Location"]
    page, hash_sign, fragment = page.partition("#")
    landing = re.escape(f"{BOARD}{page}") + r"[?&]ssoToken=eyJ[\w.-]+"
    assert re.fullmatch(landing + re.escape(hash_sign + fragment), location)

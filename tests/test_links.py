"""Links to the endpoint: where they point, what they carry, and what they refuse."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChainableUndefined, DictLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from apps import BOARD, PREFIX, logged_in, make_app, sent_token
from corpora import EVIL, SURROGATES, Honest, honest_pages, hostile_pages, joints
from flask_feedbackchimp import (
    NotInitializedError,
    feedbackchimp_link,
    feedbackchimp_url,
)
from url_strategies import composed_pages, mutated_pages, patient
from wire import Browser

PAGE = "/board/1002-feature-requests"
LINK = f"{PREFIX}?redirect=https%3A%2F%2Facme.feedbackchimp.space"


class Anchor(HTMLParser):
    """The one ``a`` element in a piece of HTML: its attributes and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.tags == ["a", "/a"], html

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def extra(self) -> list[tuple[str, str | None]]:
        """The attributes that were given, in order."""
        assert [name for name, _ in self.attributes[:3]] == [
            "href",
            "data-turbo",
            "hx-boost",
        ]
        return self.attributes[3:]


def rendered(app: Flask, source: str, **context: Any) -> str:
    with app.test_request_context():
        return render_template_string(source, **context)


def url_of(page: Any = None, **config: Any) -> str:
    with make_app(**config).test_request_context():
        return feedbackchimp_url(page)


# Where a link points


def test_a_link_points_to_the_endpoint_without_a_host(app: Flask) -> None:
    assert rendered(app, "{{ feedbackchimp_url() }}") == PREFIX


@pytest.mark.parametrize(
    ("page", "target"),
    [
        (None, PREFIX),
        ("", PREFIX),
        ("  ", PREFIX),
        ("/", f"{LINK}%2F"),
        (PAGE, f"{LINK}%2Fboard%2F1002-feature-requests"),
        (f"{BOARD}{PAGE}", f"{LINK}%2Fboard%2F1002-feature-requests"),
        (BOARD, f"{LINK}%2F"),
        (f"{BOARD.upper()}:443/x", f"{LINK}%2Fx"),
        ("/x?a=1&a=2#f", f"{LINK}%2Fx%3Fa%3D1%26a%3D2%23f"),
        ("/x?q=a%2Bb+c%20d", f"{LINK}%2Fx%3Fq%3Da%252Bb%2Bc%2520d"),
        ("/caf\u00e9", f"{LINK}%2Fcaf%25C3%25A9"),
        ("/x?ssoToken=old&a=1", f"{LINK}%2Fx%3Fa%3D1"),
        ("/x?\"'<>", f"{LINK}%2Fx%3F%2522%27%253C%253E"),
        (f"/@{EVIL}", f"{LINK}%2F%40{EVIL}"),
        (Markup("/board/1"), f"{LINK}%2Fboard%2F1"),
    ],
)
def test_the_page_is_one_parameter_of_the_link(page: Any, target: str) -> None:
    """A path or an absolute URL on the board; percent-encoded once more."""
    assert url_of(page) == target


def test_the_configured_names_are_used() -> None:
    url = url_of(
        "/x",
        FEEDBACKCHIMP_URL_PREFIX="/go/board",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_ORGANIZATION=...,
        FEEDBACKCHIMP_BOARD_URL="http://[::1]:5001",
    )
    assert url == "/go/board?return_to=http%3A%2F%2F%5B%3A%3A1%5D%3A5001%2Fx"


@pytest.mark.parametrize("page", [None, PAGE, f"{BOARD}{PAGE}?a=1#f"])
def test_switched_off_a_link_points_to_the_board_itself(page: str | None) -> None:
    target = (page or "/").removeprefix(BOARD)
    assert url_of(page, FEEDBACKCHIMP_ENABLED=False) == f"{BOARD}{target}"


@pytest.mark.parametrize(
    ("mount", "path"),
    [
        ("", ""),
        ("/", ""),
        ("/shop", "/shop"),
        ("/shop/", "/shop"),
        ("/a/b", "/a/b"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("/\u65e5\u672c/\U0001f600", "/%E6%97%A5%E6%9C%AC/%F0%9F%98%80"),
        ("/a b?c#d%2f", "/a%20b%3Fc%23d%252f"),
        ("/;a=1,b:@", "/;a=1,b:@"),
        (f"//{EVIL}", f"/{EVIL}"),
        (f"///{EVIL}//", f"/{EVIL}"),
        (f"/\\{EVIL}", f"/%5C{EVIL}"),
        (f"\\\\{EVIL}", f"/%5C%5C{EVIL}"),
        ("https://x", "/https://x"),
        ('/"><script>', "/%22%3E%3Cscript%3E"),
        ("/a\r\n\tb", "/a%0D%0A%09b"),
    ],
)
def test_a_link_stays_under_the_mount_point_and_on_this_host(
    app: Flask, mount: str, path: str
) -> None:
    """``SCRIPT_NAME`` in a request, ``APPLICATION_ROOT`` outside of one."""
    wsgi = {"SCRIPT_NAME": mount.encode().decode("latin-1")}
    with app.test_request_context(environ_overrides=wsgi):
        assert feedbackchimp_url() == f"{path}{PREFIX}"
        assert feedbackchimp_url(PAGE).startswith(f"{path}{PREFIX}?redirect=https%3A")
    app.config["APPLICATION_ROOT"] = mount
    with app.app_context():
        assert feedbackchimp_url() == f"{path}{PREFIX}"


def test_a_mount_point_that_is_no_utf_8_does_no_harm(app: Flask) -> None:
    wsgi = {"SCRIPT_NAME": "/\xff"}
    with app.test_request_context(environ_overrides=wsgi):
        assert feedbackchimp_url() == f"/%EF%BF%BD{PREFIX}"


def test_links_can_be_made_outside_of_a_request(app: Flask) -> None:
    """In a mail that a worker sends, say; the host is for the app to add."""
    with app.app_context():
        assert feedbackchimp_url("/x") == f"{LINK}%2Fx"
        assert Anchor(feedbackchimp_link("Go")).attributes[0] == ("href", PREFIX)


def test_url_defaults_of_the_app_do_not_get_into_links() -> None:
    app = make_app()
    app.url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
    assert rendered(app, "{{ feedbackchimp_url() }}") == PREFIX


@pytest.mark.parametrize("page", [None, PAGE, f"{BOARD}{PAGE}?a=1&b=%2B#f"])
def test_following_a_link_leads_to_its_page(page: str | None) -> None:
    client = logged_in(make_app())
    response = client.get(url_of(page))
    url = (page or "/").removeprefix(BOARD)
    target = Honest("", *f"{BOARD}{url}".replace("#", " #").split(" "))
    assert response.headers["Location"] == target.with_token(sent_token(response))


def test_following_the_link_of_any_honest_page_leads_there() -> None:
    """The link of an absolute URL, and of its path alone, as long as it fits."""
    app = make_app()
    ada = Browser(app, "ada")
    for honest in honest_pages():
        for page in (honest.page, honest.page.removeprefix(BOARD)):
            if page != honest.page and (page[:1] != "/" or page[:2] == "//"):
                continue  # no path, or one that could be read as a host
            with app.test_request_context():
                path, _, query = feedbackchimp_url(page).partition("?")
            answer = ada.get(query, path=path)
            assert answer.location == honest.with_token(sent_token(answer))


@patient
@given(honest=composed_pages())
def test_a_link_names_the_page_as_it_is(honest: Honest) -> None:
    url = urlsplit(url_of(honest.page))
    assert (url.scheme, url.netloc, url.path, url.fragment) == ("", "", PREFIX, "")
    assert parse_qs(url.query, strict_parsing=True) == {"redirect": [honest.url]}


# In templates


def test_the_helpers_work_inside_imported_macros(app: Flask) -> None:
    """A macro that is imported without context sees globals alone."""
    macros = (
        "{% macro nav(page) %}{{ feedbackchimp_link('Vote', page) }}|"
        "{{ feedbackchimp_url(page) }}{% endmacro %}"
    )
    app.jinja_loader = DictLoader({"macros.html": macros})
    source = "{% from 'macros.html' import nav %}{{ nav('/x') }}"
    link, _, url = rendered(app, source).partition("|")
    assert url == f"{LINK}%2Fx"
    assert dict(Anchor(link).attributes)["href"] == url


def test_a_page_from_a_block_assignment_works(app: Flask) -> None:
    """``{% set %}`` with a body makes markup of it."""
    source = "{% set page %}/board/{{ 1002 }}{% endset %}{{ feedbackchimp_url(page) }}"
    assert rendered(app, source) == f"{LINK}%2Fboard%2F1002"


def test_links_are_markup_and_not_escaped_again(app: Flask) -> None:
    html = rendered(app, "{{ feedbackchimp_link('Go', '/x?a=1&b=2') }}")
    assert dict(Anchor(html).attributes)["href"] == f"{LINK}%2Fx%3Fa%3D1%26b%3D2"


def test_rendering_makes_no_token_and_asks_for_nobody() -> None:
    """Not even a signing loader is asked; the page may be cached for everybody."""
    app = make_app()

    @app.feedbackchimp.identity_loader
    def loader(user: Any) -> Any:
        raise AssertionError("asked")

    html = rendered(
        app, "{{ feedbackchimp_link('Go', '/x') }}{{ feedbackchimp_url() }}"
    )
    assert "eyJ" not in html
    assert "ssoToken" not in html


def test_without_init_app_the_error_says_what_to_call() -> None:
    app = Flask("bare")
    with app.test_request_context():
        for helper in (feedbackchimp_url, lambda: feedbackchimp_link("Go")):
            with pytest.raises(NotInitializedError, match="init_app"):
                helper()


# Foreign pages


def test_foreign_pages_are_refused_while_rendering(app: Flask) -> None:
    """The whole hostile corpus, but for the paths in it, which are the board's own."""
    pages = [
        page
        for page in hostile_pages()
        if page.strip(" ") and (page.startswith("//") or not page.startswith("/"))
    ]
    assert len(pages) > 1500
    with app.test_request_context():
        for page in pages:
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_url(page)
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_link("Go", page)


def test_paths_of_the_hostile_corpus_stay_on_the_board(app: Flask) -> None:
    """What starts with one slash is a path of the board, or is refused."""
    pages = [page for page in hostile_pages() if page[:1] == "/" and page[:2] != "//"]
    assert len(pages) > 5
    with app.test_request_context():
        for page in pages:
            try:
                url = feedbackchimp_url(page)
            except ValueError:
                assert set(page) & {"\\"} or not page.isprintable()
            else:
                assert url.startswith(f"{LINK}%2F")


def test_surrogates_are_refused_while_rendering(app: Flask) -> None:
    with app.test_request_context():
        for before, after in joints(BOARD):
            for surrogate in SURROGATES:
                with pytest.raises(ValueError, match="configured board"):
                    feedbackchimp_url(f"{before}{surrogate}{after}")


@patient
@given(page=mutated_pages() | st.text(st.characters(exclude_categories=())))
def test_any_text_is_refused_or_linked_on_the_board(page: str) -> None:
    try:
        url = url_of(page)
    except ValueError as error:
        assert "page of a FeedbackChimp link" in str(error)
    else:
        assert url == PREFIX or url.startswith(f"{LINK}%2F")


def test_the_error_names_the_board_and_not_the_page(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(ValueError) as caught:
        feedbackchimp_url(f"https://{EVIL}/?token=secret")
    assert BOARD in str(caught.value)
    assert EVIL not in str(caught.value)


def test_foreign_pages_are_refused_while_switched_off() -> None:
    with pytest.raises(ValueError, match="configured board"):
        url_of(f"https://{EVIL}/", FEEDBACKCHIMP_ENABLED=False)


@pytest.mark.parametrize("page", [5, 0, False, b"/x", ["/x"], object()])
def test_a_page_that_is_no_text_is_refused_in_words(page: Any) -> None:
    with pytest.raises(ValueError, match=f"not {type(page).__name__}"):
        url_of(page)


@pytest.mark.parametrize("undefined", [None, ChainableUndefined, StrictUndefined])
def test_an_undefined_variable_is_no_way_home(undefined: Any) -> None:
    """A misspelt name must not send everybody to the board's home unnoticed."""
    app = make_app()
    if undefined:
        app.jinja_env.undefined = undefined
    for call in ("feedbackchimp_url(nope)", "feedbackchimp_link('Go', nope)"):
        with pytest.raises((ValueError, UndefinedError), match=r"Undefined|undefined"):
            rendered(app, f"{{{{ {call} }}}}")


def test_a_page_longer_than_the_endpoint_takes_is_refused() -> None:
    """Rather than linked to a 400; counted as the link carries it."""
    longest = f"{BOARD}/".ljust(2048, "x")
    client = logged_in(make_app())
    assert client.get(url_of(longest)).status_code == 302
    with pytest.raises(ValueError, match="2048 characters"):
        url_of(f"{longest}x")
    with pytest.raises(ValueError, match="2048 characters"):
        url_of("/".ljust(400, "\u00e9"))


# The element


def test_a_link_is_left_alone_by_turbo_and_htmx(app: Flask) -> None:
    with app.test_request_context():
        anchor = Anchor(feedbackchimp_link("Feedback", PAGE))
    assert anchor.text == "Feedback"
    assert anchor.attributes == [
        ("href", f"{LINK}%2Fboard%2F1002-feature-requests"),
        ("data-turbo", "false"),
        ("hx-boost", "false"),
    ]


@pytest.mark.parametrize(
    ("given_as", "name"),
    [
        ("class_", "class"),
        ("class", "class"),
        ("for_", "for"),
        ("id", "id"),
        ("aria_label", "aria-label"),
        ("data_x", "data-x"),
        ("data_my_value_", "data-my-value"),
        ("xml:lang", "xml:lang"),
        ("x-on:click.once", "x-on:click.once"),
    ],
)
def test_attribute_names_are_written_as_in_html(
    app: Flask, given_as: str, name: str
) -> None:
    with app.test_request_context():
        anchor = Anchor(feedbackchimp_link("Go", **{given_as: "v"}))
    assert anchor.extra == [(name, "v")]


HOSTILE_TEXTS = [
    '"',
    "'",
    "<",
    ">",
    "&",
    "&quot;",
    "&amp;quot;",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "</a><script>alert(1)</script>",
    "<!--",
    "]]>",
    "\x00",
    "line\nbreak\ttab",
    "\u202eright to left",
    "{} {0} {name} %s %(x)s {{ 7 * 7 }}",
]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_text_and_attributes_are_escaped(app: Flask, text: str) -> None:
    """What is given is what an HTML parser reads back, in one element."""
    with app.test_request_context():
        html = feedbackchimp_link(text, title=text, data_x=text)
    anchor = Anchor(html)
    assert anchor.text == text
    assert anchor.extra == [("title", text), ("data-x", text)]


@patient
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_any_text_is_read_back(text: str) -> None:
    with make_app().test_request_context():
        anchor = Anchor(feedbackchimp_link(text, title=text))
    assert (anchor.text, anchor.extra) == (text, [("title", text)])


def test_text_that_is_markup_already_is_kept(app: Flask) -> None:
    with app.test_request_context():
        html = feedbackchimp_link(Markup("<b>Go</b> &amp; vote"))
    assert html.endswith("><b>Go</b> &amp; vote</a>")


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        (Markup("a &amp; b"), "a & b"),
        (Markup('" onclick="alert(1)'), '" onclick="alert(1)'),
        (Markup("<b title='x'>"), "<b title='x'>"),
        (Markup("&quot;&#39;&lt;"), "\"'<"),
    ],
)
def test_markup_cannot_break_out_of_an_attribute(
    app: Flask, markup: Markup, value: str
) -> None:
    """Quotes are plain in markup, but end an attribute; escapes are not doubled."""
    with app.test_request_context():
        anchor = Anchor(feedbackchimp_link("Go", title=markup))
    assert anchor.extra == [("title", value)]


class Widget:
    """Something that brings its own HTML, as ``Markup`` does."""

    def __html__(self) -> str:
        return '<i class="icon">&amp;</i>'


def test_anything_with_its_own_html_counts_as_markup(app: Flask) -> None:
    with app.test_request_context():
        html = feedbackchimp_link(Widget(), title=Widget())
    assert html.endswith('><i class="icon">&amp;</i></a>')
    assert 'title="&lt;i class=&#34;icon&#34;&gt;&amp;&lt;/i&gt;"' in html


def test_true_false_and_none_say_whether_an_attribute_is_there(app: Flask) -> None:
    with app.test_request_context():
        anchor = Anchor(
            feedbackchimp_link(
                "Go", download=True, hidden=False, title=None, rel="", tabindex=0
            )
        )
    assert anchor.extra == [("download", None), ("rel", ""), ("tabindex", "0")]


@pytest.mark.parametrize(
    "name",
    [
        *("href", "HREF", "href_", "data_turbo", "data-turbo", "DATA_TURBO"),
        *("hx_boost", "hx-boost", "hx_boost_", "Hx_Boost"),
    ],
)
@pytest.mark.parametrize("value", ["x", None, False])
def test_the_links_own_attributes_cannot_be_replaced(
    app: Flask, name: str, value: Any
) -> None:
    with app.test_request_context(), pytest.raises(ValueError, match="sets its own"):
        feedbackchimp_link("Go", **{name: value})


def test_an_attribute_cannot_be_given_twice(app: Flask) -> None:
    """A browser would take the first and drop the second without a word."""
    with app.test_request_context(), pytest.raises(ValueError, match="one class"):
        feedbackchimp_link("Go", **{"class": "a", "class_": "b"})


@pytest.mark.parametrize(
    "name",
    [
        *("", "_", "__", "a b", 'a"', "a'", "a>", "a<", "a=b", "a/b", "a\n", "a\x00"),
        *("-a", "1a", ">", "/", "@click", "a&", "caf\u00e9", "\u212a", "onclick=x "),
    ],
)
def test_what_cannot_be_an_attribute_name_is_refused(app: Flask, name: str) -> None:
    with app.test_request_context(), pytest.raises(ValueError, match="HTML attribute"):
        feedbackchimp_link("Go", **{name: "x"})

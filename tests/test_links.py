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

from flask_feedbackchimp import feedbackchimp_link, feedbackchimp_url
from support.apps import BOARD, PREFIX, logged_in, make_app, sent_token
from support.corpora import (
    EVIL,
    SURROGATES,
    Honest,
    honest_pages,
    hostile_pages,
    joints,
)
from support.sampling import sample
from support.url_strategies import any_pages, composed_pages
from support.wire import Browser

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
        own = [name for name, _ in self.attributes[:3]]
        assert own == ["href", "data-turbo", "hx-boost"]
        return self.attributes[3:]


def rendered(app: Flask, source: str, **context: Any) -> str:
    with app.test_request_context():
        return render_template_string(source, **context)


def url_of(page: Any = None, **config: Any) -> str:
    with make_app(**config).test_request_context():
        return feedbackchimp_url(page)


# Where a link points


@pytest.mark.parametrize(
    ("page", "target"),
    [
        *((None, PREFIX), ("", PREFIX), ("  ", PREFIX), ("/", f"{LINK}%2F")),
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
def test_page_is_one_parameter(page: Any, target: str) -> None:
    """A path or an absolute URL on the board; percent-encoded once more."""
    assert url_of(page) == target


def test_configured_names() -> None:
    url = url_of(
        "/x",
        FEEDBACKCHIMP_URL_PREFIX="/go/board",
        FEEDBACKCHIMP_REDIRECT_PARAM="return_to",
        FEEDBACKCHIMP_ORGANIZATION=...,
        FEEDBACKCHIMP_BOARD_URL="http://[::1]:5001",
    )
    assert url == "/go/board?return_to=http%3A%2F%2F%5B%3A%3A1%5D%3A5001%2Fx"


@pytest.mark.parametrize("page", [None, PAGE, f"{BOARD}{PAGE}?a=1#f"])
@pytest.mark.parametrize("external", [True, False])
def test_switched_off_it_is_the_boards_page(page: str | None, external: bool) -> None:
    with make_app(FEEDBACKCHIMP_ENABLED=False).app_context():
        url = feedbackchimp_url(page, external=external)
    assert url == f"{BOARD}{(page or '/').removeprefix(BOARD)}"


@pytest.mark.parametrize(
    ("mount", "path"),
    [
        *(("", ""), ("/", ""), ("/shop", "/shop"), ("/shop/", "/shop")),
        *(
            ("/a/b", "/a/b"),
            ("/caf\u00e9", "/caf%C3%A9"),
            ("/!$&'()*+,;=:@", "/!$&'()*+,;=:@"),
        ),
        ("/\u65e5\u672c/\U0001f600", "/%E6%97%A5%E6%9C%AC/%F0%9F%98%80"),
        ("/a b?c#d%2f", "/a%20b%3Fc%23d%252f"),
        *((f"//{EVIL}", f"/{EVIL}"), (f"///{EVIL}//", f"/{EVIL}")),
        (f"/\\{EVIL}", f"/%5C{EVIL}"),
        (f"\\\\{EVIL}", f"/%5C%5C{EVIL}"),
        ("https://x", "/https://x"),
        ('/"><script>', "/%22%3E%3Cscript%3E"),
        ("/a\r\n\tb", "/a%0D%0A%09b"),
    ],
)
def test_mount_point(app: Flask, mount: str, path: str) -> None:
    """``SCRIPT_NAME`` in a request, ``APPLICATION_ROOT`` outside of one."""
    wsgi = {"SCRIPT_NAME": mount.encode().decode("latin-1")}
    with app.test_request_context(environ_overrides=wsgi):
        assert feedbackchimp_url() == f"{path}{PREFIX}"
        assert feedbackchimp_url(PAGE).startswith(f"{path}{PREFIX}?redirect=https%3A")
        # Kept elements must not go from one mount point to another.
        href = dict(Anchor(feedbackchimp_link("Go")).attributes)["href"]
        assert href == f"{path}{PREFIX}"
    app.config["APPLICATION_ROOT"] = mount
    with app.app_context():
        assert feedbackchimp_url() == f"{path}{PREFIX}"


def test_mount_point_that_is_no_utf_8(app: Flask) -> None:
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/\xff"}):
        assert feedbackchimp_url() == f"/%EF%BF%BD{PREFIX}"


def test_kept_elements_stay_with_their_mount(app: Flask) -> None:
    """One app under two mount points, by turns."""
    for mount in ("/a", "/b", "/a", ""):
        wsgi = {"SCRIPT_NAME": mount}
        with app.test_request_context(environ_overrides=wsgi):
            link = Anchor(feedbackchimp_link("Go", PAGE))
            assert (link.attributes[0][1] or "").startswith(f"{mount}{PREFIX}?")


def test_kept_elements_stay_with_their_app() -> None:
    """Two apps with different boards and names, by turns."""
    one = make_app()
    two = make_app(
        FEEDBACKCHIMP_ORGANIZATION="umbrella", FEEDBACKCHIMP_REDIRECT_PARAM="to"
    )
    targets = [
        f"{PREFIX}?redirect=https%3A%2F%2Facme",
        f"{PREFIX}?to=https%3A%2F%2Fumb",
    ]
    for app, target in zip([one, two, one, two], targets * 2, strict=True):
        with app.app_context():
            assert feedbackchimp_url("/x").startswith(target)
            href = Anchor(feedbackchimp_link("Go", "/x")).attributes[0][1] or ""
            assert href.startswith(target)


def test_external() -> None:
    """For an e-mail; as ``url_for`` builds it, in a request or outside of one."""
    app = make_app(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https")
    with app.app_context():
        assert feedbackchimp_url(external=True) == f"https://shop.example{PREFIX}"
        assert (
            feedbackchimp_url("/x", external=True) == f"https://shop.example{LINK}%2Fx"
        )
    wsgi = {"SCRIPT_NAME": "/shop", "HTTP_HOST": "localhost:5000"}
    with make_app().test_request_context(environ_overrides=wsgi):
        url = feedbackchimp_url("/x", external=True)
        assert url == f"http://localhost:5000/shop{LINK}%2Fx"
    with make_app().app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        feedbackchimp_url(external=True)


def test_url_defaults_stay_out() -> None:
    """What an app adds to every URL would part the query from its page."""
    app = make_app(SERVER_NAME="shop.example")
    app.url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
    with app.test_request_context():
        assert feedbackchimp_url("/x") == f"{LINK}%2Fx"
        assert (
            feedbackchimp_url("/x", external=True) == f"http://shop.example{LINK}%2Fx"
        )


def test_links_lead_to_their_pages() -> None:
    """The link of any honest page, by its URL or its path."""
    app = make_app()
    ada = Browser(app, "ada")
    for honest in sample(honest_pages()):
        with app.test_request_context():
            path, _, query = feedbackchimp_url(honest.page).partition("?")
        answer = ada.get(query, path=path)
        assert answer.location == honest.with_token(sent_token(answer))


@given(honest=composed_pages())
def test_page_is_named_as_it_is(honest: Honest) -> None:
    url = urlsplit(url_of(honest.page))
    assert (url.scheme, url.netloc, url.path, url.fragment) == ("", "", PREFIX, "")
    assert parse_qs(url.query, strict_parsing=True) == {"redirect": [honest.url]}


# In templates


def test_imported_macros(app: Flask) -> None:
    """A macro that is imported without context sees only globals."""
    macros = (
        "{% macro nav(page) %}{{ feedbackchimp_link('Vote', page) }}|"
        "{{ feedbackchimp_url(page) }}{% endmacro %}"
    )
    app.jinja_loader = DictLoader({"macros.html": macros})
    source = "{% from 'macros.html' import nav %}{{ nav('/x?a=1&b=2') }}"
    link, _, url = rendered(app, source).partition("|")
    assert url == f"{LINK}%2Fx%3Fa%3D1%26b%3D2"
    assert dict(Anchor(link).attributes)["href"] == url


def test_page_of_a_block_assignment(app: Flask) -> None:
    """``{% set %}`` with a body makes markup of it."""
    source = "{% set page %}/board/{{ 1002 }}{% endset %}{{ feedbackchimp_url(page) }}"
    assert rendered(app, source) == f"{LINK}%2Fboard%2F1002"


def test_rendering_asks_for_nobody() -> None:
    """No token is made; the page may be cached for everybody."""
    app = make_app()
    asked: list[Any] = []
    app.feedbackchimp.identity_loader(asked.append)
    source = "{{ feedbackchimp_link('Go', '/x') }}{{ feedbackchimp_url() }}"
    assert "ssoToken" not in rendered(app, source)
    assert asked == []


# Foreign pages


def test_foreign_pages_are_refused(app: Flask) -> None:
    """Lone surrogates, too, which no request can carry."""
    halves = [f"{a}{half}{b}" for a, b in joints(BOARD) for half in SURROGATES]
    with app.test_request_context():
        for page in sample([*hostile_pages(), *halves]):
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_url(page)
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_link("Go", page)


@given(page=any_pages)
def test_any_text(page: str) -> None:
    """Refused, or linked on the board."""
    try:
        url = url_of(page)
    except ValueError as error:
        assert "page of a FeedbackChimp link" in str(error)
    else:
        assert url == PREFIX or url.startswith(f"{LINK}%2F")


@pytest.mark.parametrize("enabled", [True, False])
def test_error_names_the_board_and_not_the_page(enabled: bool) -> None:
    with pytest.raises(ValueError, match="configured board") as caught:
        url_of(f"https://{EVIL}/?token=secret", FEEDBACKCHIMP_ENABLED=enabled)
    assert BOARD in str(caught.value)
    assert EVIL not in str(caught.value)


@pytest.mark.parametrize("page", [5, 0, False, b"/x", ["/x"], object()])
def test_page_that_is_no_text(page: Any) -> None:
    with pytest.raises(ValueError, match=f"not {type(page).__name__}"):
        url_of(page)


@pytest.mark.parametrize("undefined", [None, ChainableUndefined, StrictUndefined])
def test_undefined_variable_is_no_way_home(undefined: Any) -> None:
    """A misspelt name must not send everybody to the board's home unnoticed."""
    app = make_app()
    if undefined:
        app.jinja_env.undefined = undefined
    for call in ("feedbackchimp_url(nope)", "feedbackchimp_link('Go', nope)"):
        with pytest.raises((ValueError, UndefinedError), match=r"[Uu]ndefined"):
            rendered(app, f"{{{{ {call} }}}}")


def test_page_that_the_endpoint_would_not_take() -> None:
    """Rather than linked to a 400; counted as the link carries it."""
    longest = f"{BOARD}/".ljust(2048, "x")
    client = logged_in(make_app())
    pairs = f"/?{'&'.join('a' * 100)}"
    for page in (longest, pairs):
        assert client.get(url_of(page)).status_code == 302
    for page in (f"{longest}x", "/".ljust(400, "\u00e9"), f"{pairs}&a"):
        with pytest.raises(ValueError, match=r"2048 characters.*100 query pairs"):
            url_of(page)


# The element


def test_element(app: Flask) -> None:
    """Turbo and htmx leave it alone."""
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
        *(("class_", "class"), ("class", "class"), ("for_", "for"), ("id", "id")),
        *(("aria_label", "aria-label"), ("data_x", "data-x"), ("xml:lang", "xml:lang")),
        *(("data_my_value_", "data-my-value"), ("x-on:click.once", "x-on:click.once")),
        *(("viewBox2", "viewbox2"), ("Xy", "xy")),
    ],
)
def test_attribute_names(app: Flask, given_as: str, name: str) -> None:
    with app.app_context():
        anchor = Anchor(feedbackchimp_link("Go", **{given_as: "v"}))
    assert anchor.extra == [(name, "v")]


@pytest.mark.parametrize(
    "text",
    [
        *('"', "'", "<", ">", "&", "&quot;", "&amp;quot;", "<!--", "]]>", "\x00"),
        *('" onmouseover="alert(1)', "' onmouseover='alert(1)"),
        *("</a><script>alert(1)</script>", "line\nbreak\ttab", "\u202eright to left"),
        "{} {0} {name} %s %(x)s {{ 7 * 7 }}",
    ],
)
def test_text_is_escaped(app: Flask, text: str) -> None:
    """What is given is what an HTML parser reads back, in one element."""
    with app.app_context():
        anchor = Anchor(feedbackchimp_link(text, title=text, data_x=text))
    assert anchor.text == text
    assert anchor.extra == [("title", text), ("data-x", text)]


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_any_text_is_read_back(text: str) -> None:
    with make_app().app_context():
        anchor = Anchor(feedbackchimp_link(text, title=text))
    assert (anchor.text, anchor.extra) == (text, [("title", text)])


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        ("a &amp; b", "a & b"),
        ('" onclick="alert(1)', '" onclick="alert(1)'),
        ("<b title='x'>", "<b title='x'>"),
        ("&quot;&#39;&lt;", "\"'<"),
    ],
)
def test_markup_in_an_attribute(app: Flask, markup: str, value: str) -> None:
    """Quotes are plain in markup, but end an attribute; escapes are not doubled."""
    with app.app_context():
        assert Anchor(feedbackchimp_link("Go", title=Markup(markup))).extra == [
            ("title", value)
        ]


class Widget:
    """Something that brings its own HTML, as ``Markup`` does."""

    def __html__(self) -> str:
        return '<i class="icon">&amp;</i>'


def test_own_html(app: Flask) -> None:
    with app.app_context():
        html = feedbackchimp_link(Widget(), title=Widget())
    assert html.endswith('><i class="icon">&amp;</i></a>')
    assert 'title="&lt;i class=&#34;icon&#34;&gt;&amp;&lt;/i&gt;"' in html


def test_text_that_changes(app: Flask) -> None:
    """A translation, say, that waits for the language: it is not kept."""

    class Lazy:
        def __str__(self) -> str:
            return words[-1]

    lazy, words = Lazy(), ["Feedback"]
    with app.app_context():
        feedbackchimp_link(lazy), feedbackchimp_link("Go", title=lazy)
        words.append("Avis")
        assert Anchor(feedbackchimp_link(lazy)).text == "Avis"
        assert Anchor(feedbackchimp_link("Go", title=lazy)).extra == [("title", "Avis")]
        assert Anchor(feedbackchimp_link("Go", x=["no hash"])).text == "Go"


def test_true_false_and_none(app: Flask) -> None:
    """They say whether an attribute is there."""
    with app.app_context():
        link = feedbackchimp_link(
            "Go", download=True, hidden=False, title=None, rel="", tabindex=0
        )
    assert Anchor(link).extra == [("download", None), ("rel", ""), ("tabindex", "0")]


def test_kept_elements_tell_types_apart(app: Flask) -> None:
    """Values that are equal and mean different things, by turns."""
    links = [
        *(("<b>", "v", "&lt;b&gt;", ' x="v"'), (Markup("<b>"), "v", "<b>", ' x="v"')),
        *(("Go", True, "Go", " x"), ("Go", 1, "Go", ' x="1"'), ("Go", False, "Go", "")),
        *(("Go", 0, "Go", ' x="0"'), ("Go", 1.0, "Go", ' x="1.0"')),
        *(
            ("Go", "&lt;", "Go", ' x="&amp;lt;"'),
            ("Go", Markup("&lt;"), "Go", ' x="&lt;"'),
        ),
        *((1, None, "1", ""), (True, None, "True", ""), (1.0, None, "1.0", "")),
    ]
    with app.app_context():
        for text, value, shown, attribute in [*links, *reversed(links)]:
            html = feedbackchimp_link(text, x=value)
            assert html.endswith(f'hx-boost="false"{attribute}>{shown}</a>')
            assert type(html) is Markup


def test_order_of_attributes(app: Flask) -> None:
    with app.app_context():
        one = feedbackchimp_link("Go", id="a", rel="b")
        two = feedbackchimp_link("Go", rel="b", id="a")
    assert [name for name, _ in Anchor(one).extra] == ["id", "rel"]
    assert [name for name, _ in Anchor(two).extra] == ["rel", "id"]


@pytest.mark.parametrize(
    "name",
    [
        *("href", "HREF", "href_", "data_turbo", "data-turbo", "DATA_TURBO"),
        *("hx_boost", "hx-boost", "hx_boost_", "Hx_Boost"),
    ],
)
@pytest.mark.parametrize("value", ["x", False])
def test_own_attributes_stay(app: Flask, name: str, value: Any) -> None:
    with app.app_context(), pytest.raises(ValueError, match="sets its own"):
        feedbackchimp_link("Go", **{name: value})


def test_attribute_given_twice(app: Flask) -> None:
    """A browser would take the first and drop the second without a word."""
    with app.app_context(), pytest.raises(ValueError, match="one class"):
        feedbackchimp_link("Go", **{"class": "a", "class_": "b"})


@pytest.mark.parametrize(
    "name",
    [
        *("", "_", "__", "a b", 'a"', "a'", "a>", "a<", "a=b", "a/b", "a\n", "a\x00"),
        *(
            "-a",
            "_a",
            "1a",
            ">",
            "/",
            "@click",
            "a&",
            "caf\u00e9",
            "\u212a",
            "onclick=x ",
        ),
    ],
)
def test_impossible_attribute_names(app: Flask, name: str) -> None:
    with app.app_context(), pytest.raises(ValueError, match="HTML attribute"):
        feedbackchimp_link("Go", **{name: "x"})

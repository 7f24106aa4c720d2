"""Links to the endpoint: where they point, what they carry, and what they refuse."""

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
from support.corpora import EVIL, SURROGATE_PAGES, honest_pages, hostile_pages
from support.sampling import sample
from support.url_strategies import any_pages, composed_pages
from support.wire import Browser

PAGE = "/board/1002-feature-requests"
APP = make_app()
LINK = f"{PREFIX}?redirect=https%3A%2F%2Facme.feedbackchimp.space"


class Anchor(HTMLParser):
    """The one ``a`` element in a piece of HTML; Turbo and htmx must leave it alone."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.tags == ["a", "/a"], html

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        (href, self.href), *own = attrs[:3]
        assert (href, *own) == ("href", ("data-turbo", "false"), ("hx-boost", "false"))
        self.extra = attrs[3:]

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def element(text: Any, **attributes: Any) -> Markup:
    with APP.app_context():
        return feedbackchimp_link(text, **attributes)


def anchor(text: Any, **attributes: Any) -> Anchor:
    return Anchor(element(text, **attributes))


def rendered(app: Flask, source: str) -> str:
    with app.test_request_context():
        return render_template_string(source)


def url_of(page: Any = None, *, external: bool = False, **config: Any) -> str:
    with make_app(**config).test_request_context():
        return feedbackchimp_url(page, external=external)


@pytest.mark.parametrize(
    ("page", "target"),
    [
        (None, PREFIX),
        ("", PREFIX),
        ("  ", PREFIX),
        ("/", f"{LINK}%2F"),
        (f"{BOARD}{PAGE}", f"{LINK}%2Fboard%2F1002-feature-requests"),
        (BOARD, f"{LINK}%2F"),
        (f"{BOARD.upper()}:443/x", f"{LINK}%2Fx"),
        ("/x?q=a%2Bb+c%20d&a=2#f", f"{LINK}%2Fx%3Fq%3Da%252Bb%2Bc%2520d%26a%3D2%23f"),
        ("/caf\u00e9", f"{LINK}%2Fcaf%25C3%25A9"),
        ("/x?ssoToken=old&a=1", f"{LINK}%2Fx%3Fa%3D1"),
        ("/x?\"'<>", f"{LINK}%2Fx%3F%2522%27%253C%253E"),
        (Markup(f"/@{EVIL}"), f"{LINK}%2F%40{EVIL}"),  # as {% set %} with a body makes
    ],
)
def test_page_is_one_parameter(page, target):
    """A path or an absolute URL on the board, percent-encoded once more."""
    assert url_of(page) == target


@pytest.mark.parametrize("page", [None, PAGE, f"{BOARD}{PAGE}?a=1#f"])
@pytest.mark.parametrize("external", [True, False])
def test_switched_off_it_is_the_boards_page(page, external):
    url = url_of(page, external=external, FEEDBACKCHIMP_ENABLED=False)
    assert url == f"{BOARD}{(page or '/').removeprefix(BOARD)}"


@pytest.mark.parametrize(
    ("mount", "path"),
    [
        ("", ""),
        ("/", ""),
        ("/shop", "/shop"),
        ("/shop/", "/shop"),
        ("/a/b", "/a/b"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("/!$&'()*+,;=:@", "/!$&'()*+,;=:@"),
        ("/\u65e5\u672c/\U0001f600", "/%E6%97%A5%E6%9C%AC/%F0%9F%98%80"),
        ("/a b?c#d%2f", "/a%20b%3Fc%23d%252f"),
        (f"//{EVIL}", f"/{EVIL}"),
        (f"///{EVIL}//", f"/{EVIL}"),
        (f"/\\{EVIL}", f"/%5C{EVIL}"),
        (f"\\\\{EVIL}", f"/%5C%5C{EVIL}"),
        ("https://x", "/https://x"),
        ("/a\r\n\tb", "/a%0D%0A%09b"),
        ('/"><script>', "/%22%3E%3Cscript%3E"),
    ],
)
def test_mount_point(mount, path, monkeypatch):
    """``SCRIPT_NAME`` in a request, ``APPLICATION_ROOT`` outside of one."""
    wsgi = {"SCRIPT_NAME": mount.encode().decode("latin-1")}
    with APP.test_request_context(environ_overrides=wsgi):
        assert feedbackchimp_url() == f"{path}{PREFIX}"
        assert feedbackchimp_url(PAGE).startswith(f"{path}{PREFIX}?redirect=https%3A")
        for page in (None, PAGE):
            link = Anchor(feedbackchimp_link("Go", page))
            assert link.href == feedbackchimp_url(page)
    monkeypatch.setitem(APP.config, "APPLICATION_ROOT", mount)
    with APP.app_context():
        assert feedbackchimp_url() == f"{path}{PREFIX}"


def test_mount_point_that_is_no_utf_8(app):
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/\xff"}):
        assert feedbackchimp_url() == f"/%EF%BF%BD{PREFIX}"


def test_two_apps():
    """With different boards and names, by turns."""
    board = {"FEEDBACKCHIMP_BOARD_URL": "http://[::1]:5001"}
    names = {
        "FEEDBACKCHIMP_URL_PREFIX": "/go/board",
        "FEEDBACKCHIMP_REDIRECT_PARAM": "return_to",
    }
    other = make_app(FEEDBACKCHIMP_ORGANIZATION=..., **board, **names)
    target = "/go/board?return_to=http%3A%2F%2F%5B%3A%3A1%5D%3A5001%2Fx"
    for app, url in [(make_app(), f"{LINK}%2Fx"), (other, target)] * 2:
        with app.app_context():
            href = Anchor(feedbackchimp_link("Go", "/x")).href
            assert feedbackchimp_url("/x") == href == url


def test_external():
    """For an e-mail: as ``url_for`` builds it, but without an app's URL defaults."""
    app = make_app(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https")
    app.url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
    with app.app_context():
        shop = "https://shop.example"
        assert feedbackchimp_url("/x") == f"{LINK}%2Fx"
        assert feedbackchimp_url(external=True) == f"{shop}{PREFIX}"
        assert feedbackchimp_url("/x", external=True) == f"{shop}{LINK}%2Fx"
    with make_app().app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        feedbackchimp_url(external=True)


def test_links_lead_to_their_pages(app):
    ada = Browser(app, "ada")
    for honest in sample(honest_pages()):
        with app.test_request_context():
            path, _, query = feedbackchimp_url(honest.page).partition("?")
        answer = ada.get(query, path=path)
        assert answer.location == honest.with_token(sent_token(answer))


@given(honest=composed_pages())
def test_page_is_named_as_it_is(honest):
    url = urlsplit(url_of(honest.page))
    assert (url.scheme, url.netloc, url.path, url.fragment) == ("", "", PREFIX, "")
    assert parse_qs(url.query, strict_parsing=True) == {"redirect": [honest.url]}


def test_imported_macros(app):
    """A macro that is imported without context sees only globals."""
    macros = (
        "{% macro nav(page) %}{{ feedbackchimp_link('Vote', page) }}|"
        "{{ feedbackchimp_url(page) }}{% endmacro %}"
    )
    app.jinja_loader = DictLoader({"macros.html": macros})
    source = "{% from 'macros.html' import nav %}{{ nav('/x?a=1&b=2') }}"
    link, _, url = rendered(app, source).partition("|")
    assert Anchor(link).href == url == f"{LINK}%2Fx%3Fa%3D1%26b%3D2"


def test_rendering_asks_for_nobody(app):
    """No token is made, so the page may be cached for everybody."""
    asked: list[Any] = []
    app.feedbackchimp.identity_loader(asked.append)
    source = "{{ feedbackchimp_link('Go', '/x') }}{{ feedbackchimp_url() }}"
    assert "ssoToken" not in rendered(app, source)
    assert asked == []


def test_foreign_pages_are_refused(app):
    """Lone surrogates, too, which no request can carry."""
    with app.test_request_context():
        for page in sample(hostile_pages()) + SURROGATE_PAGES:
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_url(page)
            with pytest.raises(ValueError, match="page of a FeedbackChimp link"):
                feedbackchimp_link("Go", page)


@given(page=any_pages)
def test_any_text(page):
    try:
        url = url_of(page)
    except ValueError as error:
        assert "page of a FeedbackChimp link" in str(error)
    else:
        assert url == PREFIX or url.startswith(f"{LINK}%2F")


@pytest.mark.parametrize("enabled", [True, False])
def test_error_names_the_board_and_not_the_page(enabled):
    with pytest.raises(ValueError, match=f"configured board, {BOARD}") as caught:
        url_of(f"https://{EVIL}/?token=secret", FEEDBACKCHIMP_ENABLED=enabled)
    assert EVIL not in str(caught.value)


@pytest.mark.parametrize("page", [5, 0, False, b"/x", ["/x"], object()])
def test_page_that_is_no_text(page):
    with pytest.raises(ValueError, match=f"not {type(page).__name__}"):
        url_of(page)


@pytest.mark.parametrize("undefined", [None, ChainableUndefined, StrictUndefined])
@pytest.mark.parametrize("call", ["url(nope)", "link('Go', nope)"])
def test_undefined_variable_is_no_way_home(app, undefined, call):
    """A misspelt name must not send everybody to the board's home unnoticed."""
    if undefined:
        app.jinja_env.undefined = undefined
    with pytest.raises((ValueError, UndefinedError), match=r"[Uu]ndefined"):
        rendered(app, f"{{{{ feedbackchimp_{call} }}}}")


def test_page_that_the_endpoint_would_not_take(app):
    """Rather than linked to a 400; counted as the link carries it."""
    longest = f"{BOARD}/".ljust(2048, "x")
    pairs = f"/?{'&'.join('a' * 100)}"
    for page in (longest, pairs):
        assert logged_in(app).get(url_of(page)).status_code == 302
    for page in (f"{longest}x", "/".ljust(400, "\u00e9"), f"{pairs}&a"):
        with pytest.raises(ValueError, match=r"2048 characters.*100 query pairs"):
            url_of(page)


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
        ("viewBox2", "viewbox2"),
        ("Xy", "xy"),
    ],
)
def test_attribute_names(given_as, name):
    assert anchor("Go", **{given_as: "v"}).extra == [(name, "v")]


TEXTS = [
    '"',
    "'",
    "<",
    ">",
    "&",
    "&quot;",
    "&amp;quot;",
    "<!--",
    "]]>",
    "\x00",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "</a><script>alert(1)</script>",
    "line\nbreak\ttab",
    "\u202eright to left",
    "{} {0} {name} %s %(x)s {{ 7 * 7 }}",
]


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_text_is_read_back(text):
    """What is given is what an HTML parser reads back, in one element."""
    for value in (text, *TEXTS):
        link = anchor(value, title=value, data_x=value)
        assert link.text == value
        assert link.extra == [("title", value), ("data-x", value)]


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        ("a &amp; b", "a & b"),
        ("&quot;&#39;&lt;", "\"'<"),
        ('" onclick="alert(1)', '" onclick="alert(1)'),
        ("<b title='x'>", "<b title='x'>"),
    ],
)
def test_markup_in_an_attribute(markup, value):
    """Quotes are plain in markup, but end an attribute; escapes are not doubled."""
    assert anchor("Go", title=Markup(markup)).extra == [("title", value)]


def test_text_that_changes():
    """A translation, say, that waits for the language."""

    class Lazy:
        def __str__(self) -> str:
            return words[-1]

    words = ["Feedback"]
    lazy = Lazy()
    assert anchor(lazy).text == "Feedback"
    assert anchor("Go", title=lazy).extra == [("title", "Feedback")]
    words.append("Avis")
    assert anchor(lazy).text == "Avis"
    assert anchor("Go", title=lazy).extra == [("title", "Avis")]
    assert anchor("Go", x=["no hash"]).text == "Go"


def test_true_false_and_none():
    link = anchor("Go", download=True, hidden=False, title=None, rel="", tabindex=0)
    assert link.extra == [("download", None), ("rel", ""), ("tabindex", "0")]


class Widget:
    """Something that brings its own HTML, as ``Markup`` does."""

    def __html__(self) -> str:
        return "<i>&amp;'</i>"


@pytest.mark.parametrize(
    ("text", "value", "shown", "attribute"),
    [
        (Widget(), None, "<i>&amp;'</i>", ""),
        ("Go", Widget(), "Go", ' x="&lt;i&gt;&amp;&#39;&lt;/i&gt;"'),
        ("<b>", "v", "&lt;b&gt;", ' x="v"'),
        (Markup("<b>"), "v", "<b>", ' x="v"'),
        ("Go", True, "Go", " x"),
        ("Go", False, "Go", ""),
        ("Go", 1, "Go", ' x="1"'),
        ("Go", 1.0, "Go", ' x="1.0"'),
        ("Go", 0, "Go", ' x="0"'),
        ("Go", "&lt;", "Go", ' x="&amp;lt;"'),
        ("Go", Markup("&lt;"), "Go", ' x="&lt;"'),
        (1, None, "1", ""),
        (1.0, None, "1.0", ""),
        (True, None, "True", ""),
    ],
)
def test_values_of_other_types(text, value, shown, attribute):
    html = element(text, x=value)
    assert html.endswith(f'hx-boost="false"{attribute}>{shown}</a>')
    assert type(html) is Markup


def test_order_of_attributes():
    one, two = anchor("Go", id="a", rel="b"), anchor("Go", rel="b", id="a")
    assert one.extra == two.extra[::-1] == [("id", "a"), ("rel", "b")]


@pytest.mark.parametrize("value", ["x", False])
@pytest.mark.parametrize(
    "name",
    [
        "href",
        "HREF",
        "href_",
        "data_turbo",
        "data-turbo",
        "DATA_TURBO",
        "hx_boost",
        "hx-boost",
        "hx_boost_",
        "Hx_Boost",
    ],
)
def test_attributes_of_its_own(name, value):
    with pytest.raises(ValueError, match="sets its own"):
        element("Go", **{name: value})


@pytest.mark.parametrize("value", ["x", False])
@pytest.mark.parametrize(
    "name",
    [
        "",
        "_",
        "__",
        "a b",
        'a"',
        "a'",
        "a>",
        "a<",
        "a=b",
        "a/b",
        "a\n",
        "a\x00",
        "-a",
        "_a",
        "1a",
        ">",
        "/",
        "@click",
        "a&",
        "a=x ",
        "caf\u00e9",
        "\u212a",
    ],
)
def test_impossible_attributes(name, value):
    with pytest.raises(ValueError, match="HTML attribute"):
        element("Go", **{name: value})


def test_attribute_given_twice():
    with pytest.raises(ValueError, match="one class"):
        element("Go", **{"class": "a", "class_": "b"})

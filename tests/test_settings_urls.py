"""The URLs of a configuration: DNS names and this machine's, one spelling for each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp.settings.urls import ConfiguredURL, is_dns_label, parse_url

LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61])
ORIGINS = {
    "https://feedback.example.com": "https://feedback.example.com",
    "HTTPS://Feedback.EXAMPLE.com/": "https://feedback.example.com",
    "https://feedback.example.com:443": "https://feedback.example.com",
    "https://feedback.example.com:00443": "https://feedback.example.com",
    "https://feedback.example.com:08443": "https://feedback.example.com:8443",
    "https://feedback.example.com:80": "https://feedback.example.com:80",
    "https://feedback.example.com:1": "https://feedback.example.com:1",
    "https://feedback.example.com:65535": "https://feedback.example.com:65535",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "https://a-b.example": "https://a-b.example",
    "https://a": "https://a",
    "https://1.example": "https://1.example",
    "https://1e.x1": "https://1e.x1",
    "https://[::1]:8443": "https://[::1]:8443",
    "http://LOCALHOST:80": "http://localhost",
    "http://localhost:443": "http://localhost:443",
    "http://localhost:5001": "http://localhost:5001",
    "http://127.0.0.1:5001": "http://127.0.0.1:5001",
    "http://[::1]:5001": "http://[::1]:5001",
    f"https://{LONGEST}": f"https://{LONGEST}",
}
# By what is said of them.
REFUSED = {
    "https://": [
        *("", "feedback.example.com", "//feedback.example.com", "/board", "https:a"),
        *("https:/a.example", "https:\\\\a.example", " https://a.example", "wss://a"),
        *(
            "\ufeffhttps://a",
            "ftp://a.example",
            "javascript://a",
            "http\u017f://a.example",
        ),
        "https\u200b://feedback.example.com",
    ],
    "only for this machine": [
        *("http://feedback.example.com", "http://localhost.example.com"),
        *("http://notlocalhost", "http://board.localhost:5001"),
    ],
    "user name": [
        *(
            "https://ada@feedback.example.com",
            "https://ada:secret@feedback.example.com",
        ),
        *("https://@feedback.example.com", "https://a.example@evil.example"),
    ],
    "no host": [
        *("https://", "https:///board", "https://?a", "https://:443", "https://a:"),
        *("https://a:b", "https://a:443:443", "https://board:8443:443", "https://a:-1"),
        *("https://a:123456", "https://a: 443", "https://a:\u0664\u0664\u0663"),
        *("https://[]", "https://[::1", "https://::1", "https://[::1]a", "https://[a]"),
        *("https://[::]", "https://[2001:db8::1]", "https://[127.0.0.1]", "https://a]"),
        *("https://[::1%25eth0]", "https://[::ffff:127.0.0.1]", "https://[[::1]]"),
    ],
    "1-65535": [
        "https://a:0",
        "https://a:65536",
        "https://a:99999",
        "http://localhost:0",
    ],
    "plain DNS": [
        *(
            "https://.",
            "https://a.",
            "https://.a",
            "https://a..b",
            "https://-a.example",
        ),
        *("https://a-.example", "https://a_b.example", "https://*.example"),
        *("https://a b.example", "https://a.example ", "https://a.example\n"),
        *("https://a\t.example", "https://a\x00.example", "https://a\u200b.example"),
        *("https://a\xad.example", "https://a.example\\", "https://a.example\\evil.x"),
        *("https://a%2eexample", "https://b\xfccher.example", "https://\u4f8b.example"),
        *(
            "https://\u212arl.example",
            "https://\uff41.example",
            "https://a\u3002example",
        ),
        *("https://\u2488com", "https://127.1", "https://2130706433", "https://0x7f.1"),
        *("https://0X7F000001", "https://0x7f.0x", "https://a.0X1F", "https://0177.0"),
        *("https://127.0.0.01", "https://192.0.2.1", "http://127.0.0.2", "https://a.1"),
        "https://1.2.3.4.5",
        *(f"https://{'a' * 64}.example", f"https://a{LONGEST}", f"https://{LONGEST}a"),
    ],
    "fragment": [
        *("https://a.example#top", "https://a.example/#", "https://a.example/b?a#b"),
    ],
    "characters": [
        f"https://a.example/{target}"
        for target in (
            *(
                "a b",
                "\\b",
                "\n",
                "\xe9",
                "{id}",
                "/x",
                "..",
                "./x",
                "a/../b",
                "%",
                "%zz",
            ),
            *("?a=<b>", '?a="b"', "?a=\x00", "?a?b\u2028", "\ud800", "?a=[b]", "?%4"),
        )
    ],
}
SAFE = "-._~!$'()*+,;:@%20aZ09"
TARGETS = {
    "": ("/", ""),
    "?": ("/", ""),
    "/?": ("/", ""),
    "/sso/": ("/sso/", ""),
    f"/{SAFE}&=/...": (f"/{SAFE}&=/...", ""),
    "?a=b": ("/", "a=b"),
    f"/sso?{SAFE}/?=b&a=c&d": ("/sso", f"{SAFE}/?=b&a=c&d"),
}


@pytest.mark.parametrize(("url", "origin"), ORIGINS.items())
def test_origin(url: str, origin: str) -> None:
    """In one spelling, which stands for itself."""
    assert parse_url(url) == ConfiguredURL(origin, "/", "")
    assert parse_url(origin).origin == origin


@pytest.mark.parametrize(("said", "urls"), REFUSED.items())
def test_refused(said: str, urls: list[str]) -> None:
    """Without repeating it: a secret in the wrong setting must not be logged."""
    for url in urls:
        with pytest.raises(ValueError, match=said) as caught:
            parse_url(url)
        assert "example" not in str(caught.value)
        assert type(caught.value) is ValueError


@pytest.mark.parametrize(("target", "parts"), TARGETS.items())
def test_path_and_query(target: str, parts: tuple[str, str]) -> None:
    url = parse_url(f"https://a.example:444{target}")
    assert url == ("https://a.example:444", *parts)


@pytest.mark.parametrize("label", ["a", "1", "a-b", "A1", "xn--bcher-kva", "a" * 63])
def test_dns_label(label: str) -> None:
    assert is_dns_label(label)


@pytest.mark.parametrize(
    "label", ["", "-a", "a-", "a.b", "a_b", "a b", "a\n", "\xe9", "\u212a", "a" * 64]
)
def test_no_dns_label(label: str) -> None:
    assert not is_dns_label(label)


@given(
    st.text()
    | st.text().map("https://{}".format)
    | st.from_regex(r"\A(?i:https?)://[a-z0-9.\[\]:-]{1,20}(/[a-z.]{0,4})*\Z")
)
def test_any_text(text: str) -> None:
    """What is read is plain ASCII, of two schemes, and reads as itself again."""
    try:
        origin = parse_url(text).origin
    except ValueError:
        return
    assert origin.isascii()
    assert origin.startswith(("https://", "http://"))
    assert origin == origin.lower() == parse_url(origin).origin
    assert not set("@#\\ ") & set(origin)

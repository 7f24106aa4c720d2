"""The URLs of a configuration: one spelling for each, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp.origin import ConfiguredURL, is_dns_label, parse_url

ORIGINS = {
    "https://feedback.example.com": "https://feedback.example.com",
    "https://feedback.example.com/": "https://feedback.example.com",
    "HTTPS://Feedback.EXAMPLE.com": "https://feedback.example.com",
    "https://feedback.example.com:443": "https://feedback.example.com",
    "https://feedback.example.com:00443": "https://feedback.example.com",
    "https://feedback.example.com:8443": "https://feedback.example.com:8443",
    "https://feedback.example.com:08443": "https://feedback.example.com:8443",
    "https://feedback.example.com:80": "https://feedback.example.com:80",
    "https://feedback.example.com:1": "https://feedback.example.com:1",
    "https://feedback.example.com:65535": "https://feedback.example.com:65535",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "https://a-b.example": "https://a-b.example",
    "https://a": "https://a",
    "https://1.example": "https://1.example",
    "https://1e.x1": "https://1e.x1",
    "https://192.0.2.1": "https://192.0.2.1",
    "https://192.0.2.1:8443": "https://192.0.2.1:8443",
    "https://[2001:DB8:0:0::1]": "https://[2001:db8::1]",
    "https://[2001:db8::1]:443": "https://[2001:db8::1]",
    "https://[::1]:8443": "https://[::1]:8443",
    "http://localhost": "http://localhost",
    "http://LOCALHOST:80": "http://localhost",
    "http://localhost:443": "http://localhost:443",
    "http://localhost:5001": "http://localhost:5001",
    "http://board.localhost:5001": "http://board.localhost:5001",
    "http://127.0.0.1:5001": "http://127.0.0.1:5001",
    "http://127.8.9.10": "http://127.8.9.10",
    "http://[::1]:5001": "http://[::1]:5001",
    f"https://{'a' * 63}.example": f"https://{'a' * 63}.example",
    f"https://{'.'.join(['a' * 49] * 5)}": f"https://{'.'.join(['a' * 49] * 5)}",
}

REFUSED = {
    "": "https://",
    "feedback.example.com": "https://",
    "//feedback.example.com": "https://",
    "/board": "https://",
    "https:feedback.example.com": "https://",
    "https:/feedback.example.com": "https://",
    "https:\\\\feedback.example.com": "https://",
    " https://feedback.example.com": "https://",
    "\ufeffhttps://feedback.example.com": "https://",
    "ftp://feedback.example.com": "https://",
    "javascript://feedback.example.com": "https://",
    "wss://feedback.example.com": "https://",
    "http\u017f://feedback.example.com": "https://",
    "https\u200b://feedback.example.com": "https://",
    "http://feedback.example.com": "this machine",
    "http://localhost.example.com": "this machine",
    "http://notlocalhost": "this machine",
    "http://192.0.2.1": "this machine",
    "http://128.0.0.1": "this machine",
    "http://0.0.0.0": "this machine",
    "http://[::]": "this machine",
    "http://[2001:db8::1]": "this machine",
    "https://ada@feedback.example.com": "user name",
    "https://ada:secret@feedback.example.com": "user name",
    "https://@feedback.example.com": "user name",
    "https://feedback.example.com@evil.example": "user name",
    "https://": "no host",
    "https:///board": "no host",
    "https://?a": "no host",
    "https://:443": "no host",
    "https://a:": "no host",
    "https://a:b": "no host",
    "https://a:443:443": "no host",
    "https://a:123456": "no host",
    "https://a:-1": "no host",
    "https://a: 443": "no host",
    "https://a:\u0664\u0664\u0663": "no host",
    "https://[]": "no host",
    "https://[::1": "no host",
    "https://::1": "no host",
    "https://[::1]a": "no host",
    "https://[:::1]": "no host",
    "https://[1:2:3]": "no host",
    "https://[fe80::1%25eth0]": "no host",
    "https://[v1.a]": "no host",
    "https://[127.0.0.1]": "no host",
    "https://[::ffff:127.0.0.1]": "::ffff:",
    "http://[::FFFF:7f00:1]": "::ffff:",
    "https://a:0": "1-65535",
    "https://a:65536": "1-65535",
    "https://a:99999": "1-65535",
    "https://.": "plain DNS",
    "https://a.": "plain DNS",
    "https://.a": "plain DNS",
    "https://a..b": "plain DNS",
    "https://-a.example": "plain DNS",
    "https://a-.example": "plain DNS",
    "https://a_b.example": "plain DNS",
    "https://*.example": "plain DNS",
    "https://a b.example": "plain DNS",
    "https://a.example ": "plain DNS",
    "https://a.example\n": "plain DNS",
    "https://a\t.example": "plain DNS",
    "https://a\x00.example": "plain DNS",
    "https://a\u200b.example": "plain DNS",
    "https://a\xad.example": "plain DNS",
    "https://a.example\\": "plain DNS",
    "https://a.example\\evil.example": "plain DNS",
    "https://a%2eexample": "plain DNS",
    "https://b\xfccher.example": "plain DNS",
    "https://\u4f8b.example": "plain DNS",
    "https://\u212arl.example": "plain DNS",
    "https://\uff41.example": "plain DNS",
    "https://a\u3002example": "plain DNS",
    "https://\u2488com": "plain DNS",
    "https://127.1": "plain DNS",
    "https://2130706433": "plain DNS",
    "https://0x7f000001": "plain DNS",
    "https://0X7F.1": "plain DNS",
    "https://0x7f.0x": "plain DNS",
    "https://a.0X1F": "plain DNS",
    "https://017700000001": "plain DNS",
    "https://127.0.0.01": "plain DNS",
    "https://127.0.0.256": "plain DNS",
    "https://1.2.3.4.5": "plain DNS",
    "https://example.1": "plain DNS",
    f"https://{'a' * 64}.example": "plain DNS",
    f"https://{'.'.join(['a' * 50] * 5)}": "plain DNS",
    "https://a.example#top": "fragment",
    "https://a.example/#": "fragment",
    "https://a.example/board?a#b": "fragment",
    "https://a.example/a b": "characters",
    "https://a.example/\\b": "characters",
    "https://a.example/\n": "characters",
    "https://a.example/\xe9": "characters",
    "https://a.example/{id}": "characters",
    "https://a.example/?a=<b>": "characters",
    'https://a.example/?a="b"': "characters",
    "https://a.example/?a=\x00": "characters",
    "https://a.example/?a?b\u2028": "characters",
    "https://a.example/\ud800": "characters",
}

TARGETS = {
    "": ("/", ""),
    "/": ("/", ""),
    "?": ("/", ""),
    "/?": ("/", ""),
    "/sso": ("/sso", ""),
    "/sso/": ("/sso/", ""),
    "/sso/callback.php;v=1": ("/sso/callback.php;v=1", ""),
    "/~a/b%20c/@d,e": ("/~a/b%20c/@d,e", ""),
    "?a=b": ("/", "a=b"),
    "/sso?a=b&a=c&d": ("/sso", "a=b&a=c&d"),
    "/sso?next=/a?b": ("/sso", "next=/a?b"),
    "/sso?a=%26+b": ("/sso", "a=%26+b"),
}


@pytest.mark.parametrize(("url", "origin"), ORIGINS.items())
def test_an_origin_is_read_in_its_canonical_spelling(url, origin):
    assert parse_url(url) == ConfiguredURL(origin, "/", "")


@pytest.mark.parametrize(("url", "origin"), ORIGINS.items())
def test_the_canonical_spelling_stands_for_itself(url, origin):
    assert parse_url(origin).origin == origin


@pytest.mark.parametrize(("url", "said"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_another_url_is_refused_with_what_is_wrong_and_without_repeating_it(url, said):
    """A secret pasted into the wrong setting must not end up in a log."""
    with pytest.raises(ValueError, match=said) as caught:
        parse_url(url)
    assert "example" not in str(caught.value)
    assert type(caught.value) is ValueError


@pytest.mark.parametrize(("target", "parts"), TARGETS.items())
def test_path_and_query_are_kept_as_they_are(target, parts):
    url = parse_url(f"https://a.example:444{target}")
    assert url == ("https://a.example:444", *parts)


@pytest.mark.parametrize("label", ["a", "1", "a-b", "A1", "xn--bcher-kva", "a" * 63])
def test_a_dns_label_is_one(label):
    assert is_dns_label(label)


@pytest.mark.parametrize(
    "label", ["", "-a", "a-", "a.b", "a_b", "a b", "a\n", "\xe9", "\u212a", "a" * 64]
)
def test_anything_else_is_no_dns_label(label):
    assert not is_dns_label(label)


def _check_origin(text: str) -> None:
    """What is read is ASCII, of two schemes, and reads as itself again."""
    try:
        url = parse_url(text)
    except ValueError:
        return
    assert url.origin.isascii()
    assert url.origin.startswith(("https://", "http://"))
    assert url.origin == url.origin.lower()
    assert parse_url(url.origin).origin == url.origin
    assert not set("@#\\ ") & set(url.origin)


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_read_or_refused_with_a_value_error(text):
    _check_origin(text)


@given(st.from_regex(r"\A(?i:https?)://[a-z0-9.\[\]:-]{1,20}(/[a-z.]{0,4})*\Z"))
def test_text_that_looks_like_a_url_is_read_or_refused_as_well(text):
    _check_origin(text)

"""The origins of a configuration: DNS names and this machine's, in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp.board import parse_url

LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61])
SAFE = "-._~!$'()*+,;:@%20aZ09"


@pytest.mark.parametrize(
    "origin",
    [
        "https://feedback.example.com:80",
        "https://feedback.example.com:1",
        "https://1e.x1",
        "https://feedback.example.com:65535",
        "https://xn--bcher-kva.example",
        "https://a",
        "https://a-b.example",
        "https://1.example",
        "https://[::1]:8443",
        "http://localhost:443",
        "http://localhost:5001",
        "http://127.0.0.1:5001",
        "http://[::1]:5001",
        f"https://{LONGEST}",
    ],
)
def test_origin(origin: str) -> None:
    assert parse_url(origin) == (origin, "/", "")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://Feedback.EXAMPLE.com/", "https://feedback.example.com"),
        ("https://feedback.example.com:443", "https://feedback.example.com"),
        ("https://feedback.example.com:00443", "https://feedback.example.com"),
        ("https://feedback.example.com:08443", "https://feedback.example.com:8443"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("https://a.example:443?", "https://a.example"),
        ("https://a.example/?", "https://a.example"),
    ],
)
def test_other_spellings(url: str, origin: str) -> None:
    """In one spelling, which stands for itself."""
    assert parse_url(url) == (origin, "/", "")
    assert parse_url(origin)[0] == origin


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("feedback.example.com", "https://"),
        ("//feedback.example.com", "https://"),
        ("/board", "https://"),
        ("https:a", "https://"),
        ("ftp://a.example", "https://"),
        ("https:/a.example", "https://"),
        ("https:\\\\a.example", "https://"),
        ("wss://a", "https://"),
        ("\ufeffhttps://a", "https://"),
        ("javascript://a", "https://"),
        ("http\u017f://a.example", "https://"),
        ("https\u200b://feedback.example.com", "https://"),
        ("", "https://"),
        (" https://a.example", "https://"),
        ("http://feedback.example.com", "only for this machine"),
        ("http://localhost.example.com", "only for this machine"),
        ("http://notlocalhost", "only for this machine"),
        ("http://board.localhost:5001", "only for this machine"),
        ("https://ada@feedback.example.com", "user name"),
        ("https://ada:secret@feedback.example.com", "user name"),
        ("https://@feedback.example.com", "user name"),
        ("https://a.example@evil.example", "user name"),
        ("https://", "no host"),
        ("https:///board", "no host"),
        ("https://?a", "no host"),
        ("https://:443", "no host"),
        ("https://a:", "no host"),
        ("https://a:b", "no host"),
        ("https://a:443:443", "no host"),
        ("https://board:8443:443", "no host"),
        ("https://a:-1", "no host"),
        ("https://a:123456", "no host"),
        ("https://a:\u0664\u0664\u0663", "no host"),
        ("https://[]", "no host"),
        ("https://[::1", "no host"),
        ("https://::1", "no host"),
        ("https://a]", "no host"),
        ("https://[::1]a", "no host"),
        ("https://[a]", "no host"),
        ("https://[::]", "no host"),
        ("https://[2001:db8::1]", "no host"),
        ("https://[127.0.0.1]", "no host"),
        ("https://[::1%25eth0]", "no host"),
        ("https://[::ffff:127.0.0.1]", "no host"),
        ("https://[[::1]]", "no host"),
        ("https://a: 443", "no host"),
        ("https://a:0", "1-65535"),
        ("https://a:65536", "1-65535"),
        ("https://a:99999", "1-65535"),
        ("http://localhost:0", "1-65535"),
        ("https://.", "plain DNS"),
        ("https://a.", "plain DNS"),
        ("https://.a", "plain DNS"),
        ("https://a..b", "plain DNS"),
        ("https://-a.example", "plain DNS"),
        ("https://a-.example", "plain DNS"),
        ("https://a_b.example", "plain DNS"),
        ("https://*.example", "plain DNS"),
        ("https://a.1", "plain DNS"),
        ("https://a\x00.example", "plain DNS"),
        ("https://a\u200b.example", "plain DNS"),
        ("https://a\xad.example", "plain DNS"),
        ("https://a.example\\", "plain DNS"),
        ("https://a.example\\evil.x", "plain DNS"),
        ("https://a%2eexample", "plain DNS"),
        ("https://b\xfccher.example", "plain DNS"),
        ("https://\u4f8b.example", "plain DNS"),
        ("https://\u212arl.example", "plain DNS"),
        ("https://\uff41.example", "plain DNS"),
        ("https://a\u3002example", "plain DNS"),
        ("https://\u2488com", "plain DNS"),
        ("https://127.1", "plain DNS"),
        ("https://2130706433", "plain DNS"),
        ("https://0x7f.1", "plain DNS"),
        ("https://0X7F000001", "plain DNS"),
        ("https://0x7f.0x", "plain DNS"),
        ("https://a.0X1F", "plain DNS"),
        ("https://0177.0", "plain DNS"),
        ("https://127.0.0.01", "plain DNS"),
        ("https://192.0.2.1", "plain DNS"),
        ("http://127.0.0.2", "plain DNS"),
        ("https://1.2.3.4.5", "plain DNS"),
        (f"https://{'a' * 64}.example", "plain DNS"),
        (f"https://a{LONGEST}", "plain DNS"),
        (f"https://{LONGEST}a", "plain DNS"),
        ("https://a b.example", "plain DNS"),
        ("https://a.example ", "plain DNS"),
        ("https://a.example\n", "plain DNS"),
        ("https://a\t.example", "plain DNS"),
        ("https://a.example#top", "fragment"),
        ("https://a.example/#", "fragment"),
        ("https://a.example/b?a#b", "fragment"),
    ],
)
def test_refused(url: str, said: str) -> None:
    """Without repeating it: a secret in the wrong setting must not be logged."""
    with pytest.raises(ValueError, match=said) as caught:
        parse_url(url)
    assert "example" not in str(caught.value)
    assert type(caught.value) is ValueError


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/sso/", "/sso/", ""),
        (f"/{SAFE}&=/...", f"/{SAFE}&=/...", ""),
        ("?a=b", "/", "a=b"),
        (f"/sso?{SAFE}/?=b&a=c&d", "/sso", f"{SAFE}/?=b&a=c&d"),
    ],
)
def test_path_and_query(target: str, path: str, query: str) -> None:
    url = parse_url(f"https://a.example:444{target}")
    assert url == ("https://a.example:444", path, query)


@given(
    st.text()
    | st.text().map("https://{}".format)
    | st.from_regex(r"\A(?i:https?)://[a-z0-9.\[\]:-]{1,20}(/[a-z.]{0,4})*\Z")
)
def test_any_text(text: str) -> None:
    """What is read is plain ASCII, of two schemes, and reads as itself again."""
    try:
        origin = parse_url(text)[0]
    except ValueError:
        return
    assert origin.isascii()
    assert origin.startswith(("https://", "http://"))
    assert origin == origin.lower() == parse_url(origin)[0]
    assert not set("@#\\ ") & set(origin)

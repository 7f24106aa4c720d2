"""The URLs of a configuration: DNS names and this machine's, one spelling for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_feedbackchimp.settings.urls import ConfiguredURL, parse_url

LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61])
RESPELLED = {
    "HTTPS://Feedback.EXAMPLE.com/": "https://feedback.example.com",
    "https://feedback.example.com:443": "https://feedback.example.com",
    "https://feedback.example.com:00443": "https://feedback.example.com",
    "https://feedback.example.com:08443": "https://feedback.example.com:8443",
    "http://LOCALHOST:80": "http://localhost",
    "https://a.example:443?": "https://a.example",
    "https://a.example/?": "https://a.example",
}
UNCHANGED = f"""
    https://feedback.example.com:80  https://feedback.example.com:1  https://1e.x1
    https://feedback.example.com:65535  https://xn--bcher-kva.example  https://a
    https://a-b.example  https://1.example  https://[::1]:8443  http://localhost:443
    http://localhost:5001  http://127.0.0.1:5001  http://[::1]:5001  https://{LONGEST}
"""
# What is said, and of which URLs.
BY_WHAT_IS_SAID = f"""
    https://: feedback.example.com //feedback.example.com /board https:a ftp://a.example
    https://: https:/a.example https:\\\\a.example wss://a \ufeffhttps://a
    https://: javascript://a http\u017f://a.example https\u200b://feedback.example.com
    only for this machine: http://feedback.example.com http://localhost.example.com
    only for this machine: http://notlocalhost http://board.localhost:5001
    user name: https://ada@feedback.example.com https://ada:secret@feedback.example.com
    user name: https://@feedback.example.com https://a.example@evil.example
    no host: https:// https:///board https://?a https://:443 https://a: https://a:b
    no host: https://a:443:443 https://board:8443:443 https://a:-1 https://a:123456
    no host: https://a:\u0664\u0664\u0663 https://[] https://[::1 https://::1
    no host: https://a] https://[::1]a https://[a] https://[::] https://[2001:db8::1]
    no host: https://[127.0.0.1] https://[::1%25eth0] https://[::ffff:127.0.0.1]
    no host: https://[[::1]]
    1-65535: https://a:0 https://a:65536 https://a:99999 http://localhost:0
    plain DNS: https://. https://a. https://.a https://a..b https://-a.example
    plain DNS: https://a-.example https://a_b.example https://*.example https://a.1
    plain DNS: https://a\x00.example https://a\u200b.example https://a\xad.example
    plain DNS: https://a.example\\ https://a.example\\evil.x https://a%2eexample
    plain DNS: https://b\xfccher.example https://\u4f8b.example https://\u212arl.example
    plain DNS: https://\uff41.example https://a\u3002example https://\u2488com
    plain DNS: https://127.1 https://2130706433 https://0x7f.1 https://0X7F000001
    plain DNS: https://0x7f.0x https://a.0X1F https://0177.0 https://127.0.0.01
    plain DNS: https://192.0.2.1 http://127.0.0.2 https://1.2.3.4.5
    plain DNS: https://{"a" * 64}.example https://a{LONGEST} https://{LONGEST}a
    fragment: https://a.example#top https://a.example/# https://a.example/b?a#b
    characters: https://a.example/\\b https://a/\xe9 https://a.example/{{id}} https://a//x
    characters: https://a/.. https://a/./x https://a/a/../b https://a/% https://a/%zz
    characters: https://a/?a=<b> https://a/?a="b" https://a/?a=\x00 https://a/\ud800
    characters: https://a/?a=[b] https://a/?%4
"""
REFUSED = {
    url: said
    for line in BY_WHAT_IS_SAID.strip().splitlines()
    for said, _, urls in [line.strip().partition(": ")]
    for url in urls.split()
} | {
    "": "https://",
    " https://a.example": "https://",
    "https://a: 443": "no host",
    "https://a b.example": "plain DNS",
    "https://a.example ": "plain DNS",
    "https://a.example\n": "plain DNS",
    "https://a\t.example": "plain DNS",
    "https://a.example/a b": "characters",
    "https://a/\n": "characters",
    "https://a/?a?b\u2028": "characters",
}
SAFE = "-._~!$'()*+,;:@%20aZ09"


@pytest.mark.parametrize(
    ("url", "origin"), [*RESPELLED.items(), *((url, url) for url in UNCHANGED.split())]
)
def test_origin(url: str, origin: str) -> None:
    """In one spelling, which stands for itself."""
    assert parse_url(url) == ConfiguredURL(origin, "/", "")
    assert parse_url(origin).origin == origin


@pytest.mark.parametrize(("url", "said"), REFUSED.items())
def test_refused(url: str, said: str) -> None:
    """Without repeating it: a secret in the wrong setting must not be logged."""
    with pytest.raises(ValueError, match=said) as caught:
        parse_url(url)
    assert "example" not in str(caught.value)
    assert type(caught.value) is ValueError


def test_path_and_query() -> None:
    origin = "https://a.example:444"
    for target, path, query in (
        ("/sso/", "/sso/", ""),
        (f"/{SAFE}&=/...", f"/{SAFE}&=/...", ""),
        ("?a=b", "/", "a=b"),
        (f"/sso?{SAFE}/?=b&a=c&d", "/sso", f"{SAFE}/?=b&a=c&d"),
    ):
        assert parse_url(f"{origin}{target}") == (origin, path, query)


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

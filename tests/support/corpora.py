"""Page values: hostile ones that must be refused, and honest ones that must pass.

Every family is a small function of the board's origin. Nothing here asks the code
under test: what is expected of an honest page is written out beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from apps import BOARD

EVIL = "evil.example"

_T = TypeVar("_T")

#: What no part of a page may hold, unless percent-encoded: controls, white space,
#: characters that format text without being seen, and characters that are none.
FORBIDDEN = (
    "\x00\x01\x07\x08\t\n\x0b\x0c\r\x1b\x1f \\\x7f\x80\x85\x9f"
    "\xa0\xad\u1680\u180e\u2002\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e"
    "\u202f\u205f\u2060\u2066\u2069\u3000\ue000\ufeff\ufff9\ufffd\ufffe"
    "\U000e0001\U000e0041\U0010ffff"
)
#: Halves of characters. A request cannot carry them (their bytes are not UTF-8, and
#: Werkzeug leaves such bytes percent-encoded), but text in Python can.
SURROGATES = "\ud800\udbff\udc00\udfff"

#: What is no part of an authority, though it may be part of a path.
FOREIGN_TO_HOSTS = (
    "\u00df\u0130\u0131\u017f\u0301\u034f\u0430\u115f\u212a\u2024\u2044\u2100\u2105"
    "\u2215\u2488\u3002\u3164\ufe52\ufe56\ufe5f\ufe6b\uff03\uff05\uff0e\uff0f\uff1a"
    "\uff1f\uff20\uff3c\uff61\U0001d41a"
    "\"!$%&'()*+,;<=>@^_`{|}~"
)


class Honest(NamedTuple):
    """A page on the board, and where a visitor who names it must land."""

    #: As a link names it.
    page: str
    #: Origin, path and query that must be sent, without the token.
    address: str
    #: The fragment that must be sent: empty, or from ``#`` on.
    fragment: str = ""

    @property
    def url(self) -> str:
        """Where the visitor lands, without the token."""
        return self.address + self.fragment

    def with_token(self, token: str, param: str = "ssoToken") -> str:
        """Where the visitor lands, token included."""
        separator = "&" if "?" in self.address else "?"
        return f"{self.address}{separator}{param}={token}{self.fragment}"


def hostile_pages(origin: str = BOARD) -> list[str]:
    """Values of the page parameter that must be answered with 400."""
    families = (
        _schemes,
        _slashes,
        _userinfo,
        _ports,
        _other_hosts,
        _near_hosts,
        _dots,
        _tenants,
        _look_alikes,
        _foreign_letters,
        _forbidden_characters,
        _line_breaks,
        _encodings,
        _relative,
        _words,
        _sizes,
    )
    return _unique(chain.from_iterable(family(origin) for family in families))


def hostile_queries(origin: str = BOARD) -> list[bytes]:
    """Whole query strings, byte for byte, that must be answered with 400."""
    pages = (origin, f"{origin}/", f"{origin}/board/1", f"https://{EVIL}/", "", " ")
    quoted = [quote(page, safe="") for page in pages]
    repeated = [
        f"{first}={a}&{between}{second}={b}"
        for first, second in (
            ("redirect", "redirect"),
            ("redirect", "%72edirect"),
            ("%72%65direct", "redirect"),
        )
        for between in ("", "x=1&")
        for a in quoted
        for b in quoted
    ]
    many = ["&".join(["redirect"] * count) for count in (2, 3, 500)]
    return [query.encode() for query in repeated + many] + list(_no_text(origin))


def _no_text(origin: str) -> Iterator[bytes]:
    """Bytes that are not UTF-8: raw, overlong, halves of surrogates."""
    page = f"redirect={origin}/board/1".encode()
    for raw in (b"\xff", b"\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"):
        yield page + raw
        yield b"redirect=" + raw + page.removeprefix(b"redirect=")
        yield page.replace(b"/board", raw + b"/board")
        yield page + b"&x=" + raw
        yield raw + b"=1&" + page
        yield b"redirect=" + raw
        yield b"redirect=" + quote(origin).encode() + quote(raw).encode()


def _parts(origin: str) -> tuple[str, str, str]:
    """Scheme, host and port (with its colon) of an origin."""
    scheme, _, authority = origin.partition("://")
    if authority.endswith("]") or ":" not in authority:
        return scheme, authority, ""
    host, _, port = authority.rpartition(":")
    return scheme, host, f":{port}"


def _schemes(origin: str) -> Iterator[str]:
    own, host, port = _parts(origin)
    names = (
        "http https ftp ws wss file gopher mailto tel about blob javascript data "
        "vbscript view-source feed jar intent httpss htps ttps hhttps https2 s https+x"
    )
    for scheme in names.split():
        if scheme != own:
            yield f"{scheme}://{host}{port}/board/1"
            yield f"{scheme}:{origin}/board/1"
            yield f"{scheme.upper()}://{host}{port}/"
    for separator in (":", "", "//", ";//", "%3A//", "\uff1a//", "::", ":://"):
        yield f"{own}{separator}{host}{port}/"
    yield f"javascript:alert(1)//{origin}/"
    yield f"javascript://{host}{port}/%0aalert(1)"
    yield "data:text/html,<script>alert(1)</script>"
    yield f"data:text/html;base64,PHNjcmlwdD4=#{origin}/"
    yield f"url={origin}/"
    yield f"{own}:{own}://{host}{port}/"
    yield f"http\u017f://{host}{port}/"


def _slashes(origin: str) -> Iterator[str]:
    scheme, host, port = _parts(origin)
    authority = f"{host}{port}"
    for slashes in ("", "/", "///", "////", "\\", "\\\\", "/\\", "\\/", "//\\", "\\//"):
        yield f"{scheme}:{slashes}{authority}/board/1"
        yield f"{scheme}:{slashes}{EVIL}/board/1"
        yield f"{slashes}{EVIL}/{authority}/"
    for end in ("\\", "\\\\", "\\/", "\\@", "/\\", "/\\\\", "\\.", "\\:443"):
        yield f"{origin}{end}{EVIL}/"
        yield f"{scheme}://{EVIL}{end}{authority}/"
    yield f"{origin}/board\\1"
    yield f"{origin}/?a=\\"
    yield f"{origin}/#\\"
    yield f"//{authority}/"
    yield f"///{authority}/"


def _userinfo(origin: str) -> Iterator[str]:
    scheme, host, port = _parts(origin)
    authority = f"{host}{port}"
    for user in ("", ":", "user", "user:", "user:pw", ":pw", "%40", "a%3Ab", "a@b"):
        yield f"{scheme}://{user}@{authority}/board/1"
        yield f"{scheme}://{user}@{EVIL}/board/1"
    for between in ("@", ":@", ":443@", ":x@", "%40", "%00@", "%2F@", "&@", ";@", "@@"):
        yield f"{origin}{between}{EVIL}/"
        yield f"{scheme}://{EVIL}{between}{authority}/"
    yield f"{scheme}://{authority}:{authority}@{EVIL}/"
    yield f"{scheme}://{EVIL}%2F@{authority}/"
    yield f"{scheme}://[{authority}]@{EVIL}/"


def _ports(origin: str) -> Iterator[str]:
    scheme, host, port = _parts(origin)
    own = {port} if port else {"", {"https": ":443", "http": ":80"}[scheme]}
    ports = (
        ": :0 :1 :22 :79 :80 :81 :443 :444 :5001 :8080 :8443 :65535 :65536 :99999 "
        ":0443 :00443 :4430 :0080 :08443 :443: :443:443 :443x :x :+443 :-443 :0x1bb "
        ":443.0 :4.43 :%34%34%33 :%3443 :\uff14\uff14\uff13 :\u0664\u0664\u0663 "
        ":\u00b2 :[443] :443; ;443 :443@443"
    )
    for wrong in (*ports.split(), "", ": 443", ":443 ", ":4 43"):
        if wrong not in own:
            yield f"{scheme}://{host}{wrong}/board/1"
            yield f"{scheme}://{host}{wrong}"
            yield f"{scheme}://{host}{wrong}?a=1"


def _other_hosts(origin: str) -> Iterator[str]:
    scheme, own, _ = _parts(origin)
    hosts = (
        f"{EVIL} www.{EVIL} localhost feedbackchimp.space www.feedbackchimp.com "
        "widget.feedbackchimp.com 127.0.0.2 127.1 2130706434 0x7f000002 0x7f.2 "
        "017700002 0 0.0.0.0 1 10.0.0.1 169.254.169.254 192.168.1 256.256.256.256 "
        "1.2.3.4.5 [::2] [::] [::ffff:127.0.0.2] [0:0:0:0:0:0:0:2] [fe80::1%25eth0] "
        "[::1 ::1] [] [x] [v1.x] [[::1]] [127.0.0.1] xn--evil-0000 xn-- "
        "xn--80ak6aa92e.com "
        "* ** *.* *.space *.feedbackchimp.space ? a_b -a a- . .. ... %2e %00 ~ $ ,"
    )
    for host in hosts.split():
        if host not in (own, "?"):
            yield f"{scheme}://{host}/board/1"
    yield f"{scheme}://?{own}/"
    yield f"{scheme}://#{own}/"
    yield f"{scheme}:///{own}/"
    yield f"{scheme}://{EVIL}?{origin}/"
    yield f"{scheme}://{EVIL}#{origin}/"
    yield f"{scheme}://{EVIL}/{origin}/"
    yield f"{scheme}://{EVIL};{origin}/"


def _near_hosts(origin: str) -> Iterator[str]:
    scheme, host, port = _parts(origin)
    for before in (
        "x",
        "x.",
        "xn--",
        "-",
        "_",
        "0",
        "www.",
        "//",
        "*.",
        "evil-",
        "%61",
    ):
        yield f"{scheme}://{before}{host}{port}/board/1"
    ends = ("x", "0", "-", ".example", f".{EVIL}", "%2eexample", "%00.example", "*")
    for after in ends:
        yield f"{scheme}://{host}{after}{port}/board/1"
        yield f"{origin}{after}"
    for index in range(1, len(host)):
        yield f"{scheme}://{host[:index]}{host[index + 1 :]}{port}/"
        yield f"{scheme}://{host[:index]}%{ord(host[index]):02x}{host[index + 1 :]}/"


def _dots(origin: str) -> Iterator[str]:
    scheme, host, port = _parts(origin)
    for dotted in (f"{host}.", f"{host}..", f".{host}", f"..{host}", f"{host}.%00"):
        yield f"{scheme}://{dotted}{port}/board/1"
        yield f"{scheme}://{dotted}{port}"
    if "." in host:
        yield f"{scheme}://{host.replace('.', '..', 1)}{port}/"
        yield f"{scheme}://{host.replace('.', '-')}{port}/"
        yield f"{scheme}://{host.partition('.')[2]}{port}/"
        yield f"{scheme}://{host.rpartition('.')[0]}{port}/"


def _tenants(origin: str) -> Iterator[str]:
    """Anybody can register another organization beside the board's."""
    _, host, port = _parts(origin)
    label, _, domain = host.partition(".")
    labels = (
        f"evil x{label} {label}x {label}-evil {label}.evil evil.{label} a www "
        f"{label}.{label} {label[:-1]} {label}0 * {label}* *{label} {label}_ "
        f"xn--{label} {label}%20"
    )
    for tenant in labels.split():
        yield f"https://{tenant}.{domain or 'feedbackchimp.space'}{port}/"
    yield f"https://{host}{port}.{EVIL}/"
    yield f"https://{host}{port}-{EVIL}/"


def _look_alikes(origin: str) -> Iterator[str]:
    """Other letters that fold, map or look like one of the host's."""
    scheme, host, port = _parts(origin)
    twins = {
        "k": "\u212a",
        "s": "\u017f",
        "a": "\u0430\u1d43\u24d0\xaa\U0001d41a",
        "c": "\u0441\u2102",
        "e": "\u0435\u212f",
        "i": "\u0131\u0130\u2170",
        "m": "\u217f",
        ".": "\u3002\uff0e\uff61\u2024\ufe52\xb7\u0660",
        ":": "\uff1a\ufe55\u2236",
        "[": "\uff3b",
        "1": "\uff11\u2460\xb9\u0661",
    }
    for index, letter in enumerate(host):
        wide = chr(ord(letter) + 0xFEE0)
        for twin in wide + twins.get(letter, ""):
            yield f"{scheme}://{host[:index]}{twin}{host[index + 1 :]}{port}/board/1"


def _foreign_letters(origin: str) -> Iterator[str]:
    """What a host cannot hold, right before, inside and right after it."""
    scheme, host, port = _parts(origin)
    middle = len(host) // 2
    for letter in FOREIGN_TO_HOSTS:
        yield f"{scheme}://{letter}{host}{port}/board/1"
        yield f"{scheme}://{host[:middle]}{letter}{host[middle:]}{port}/board/1"
        yield f"{scheme}://{host}{letter}{port}/board/1"
        yield f"{scheme}://{host}{port}{letter}{EVIL}/"
        yield f"{scheme}{letter}://{host}{port}/board/1"
        yield f"{scheme}:{letter}//{host}{port}/board/1"
        yield f"{scheme}:/{letter}/{host}{port}/board/1"


def _forbidden_characters(origin: str) -> Iterator[str]:
    """Each forbidden character at each joint of a page."""
    for before, after in joints(origin):
        for character in FORBIDDEN:
            yield f"{before}{character}{after}"


def joints(origin: str) -> Iterator[tuple[str, str]]:
    """The places between the parts of a page, and one inside each part."""
    scheme, host, port = _parts(origin)
    middle = len(host) // 2
    pieces = (
        *(scheme[:2], scheme[2:], ":", "/", "/", host[:middle], host[middle:], port),
        *("/", "bo", "ard", "/1", "?", "a", "=", "1", "&b=2", "#", "fr", "ag"),
    )
    for index in range(len(pieces) + 1):
        yield "".join(pieces[:index]), "".join(pieces[index:])


def _line_breaks(origin: str) -> Iterator[str]:
    header = "Set-Cookie: session=stolen"
    for line_break in ("\r\n", "\n", "\r", "\r\n\r\n", "\n ", "\r\n\t", "\x0b", "\x85"):
        yield f"{origin}/{line_break}{header}"
        yield f"{origin}/?a=1{line_break}{header}"
        yield f"{origin}/#a{line_break}{header}"
        yield f"{origin}{line_break}{header}"
        yield f"{line_break}{origin}/"
        yield f"{origin}/{line_break}"


def _encodings(origin: str) -> Iterator[str]:
    """Encoded once or twice too often, and encoded where nothing may be."""
    scheme, host, port = _parts(origin)
    for page in (f"{origin}/", f"{origin}/board/1?a=1#f", f"//{EVIL}/", origin):
        once = quote(page, safe="")
        yield once
        yield quote(once, safe="")
        yield quote(page, safe="/").replace("//", "%2f%2F")
    for code in ("%00", "%09", "%0a", "%20", "%23", "%2e", "%2F", "%3A", "%3F", "%40"):
        for spelling in (code, code.replace("%", "%25"), code.replace("%", "%u00")):
            yield f"{scheme}://{host}{spelling}{EVIL}{port}/"
            yield f"{scheme}://{spelling}{host}{port}/"
            yield f"{scheme}:{spelling}//{host}{port}/"
    yield f"{scheme}%3A//{host}{port}/"
    yield f"{scheme}:%2F%2F{host}{port}/"
    yield f"{scheme}:&#47;&#47;{host}{port}/"
    yield f"+ADw-{origin}/"
    yield f'"{origin}/"'
    yield f"<{origin}/>"


def _relative(origin: str) -> Iterator[str]:
    _, host, port = _parts(origin)
    pages = (
        f"/ /board/1 board/1 ./ ../ . .. ?a=1 #f ?{origin}/ #{origin}/ /{origin}/ "
        f"{host}{port} {host}{port}/board/1 //{EVIL} //{EVIL}/ ///{EVIL} ////{EVIL} "
        f"/%2F{EVIL} /%5C{EVIL} //{host}{port} //{host}{port}/board/1 /.//{EVIL} "
        f"/..//{EVIL} //{host}{port}@{EVIL}/ //{EVIL}/%2e%2e // /// //. :// :/ : ;"
    )
    yield from pages.split()


def _words(origin: str) -> Iterator[str]:
    words = (
        "None null undefined NaN true false 0 1 -1 [] {} [object%20Object] home board "
        "% %00 %0 %zz %ff ' \" < > & = ; , | ` ~ ^ $ * + - _ {{7*7}} ${7*7} <%=7*7%> "
        "<script>alert(1)</script> '-- ../../etc/passwd \\\\server\\share C:\\ NUL "
        "\u202e \ufeff \u200b \ufffd \U0001f600 \u0645\u0631\u062d\u0628\u0627"
    )
    yield from words.split(" ")
    yield from ("\t", "\n", "\r\n", "\x00", "\xa0", "\x0b", " \t ", "\u2003", "\u3000")
    yield f"{origin}/ {origin}/"
    yield f"{origin}/,{origin}/\n"
    yield f'["{origin}/"]'


def _sizes(origin: str) -> Iterator[str]:
    for size in (2049, 2500, 4096, 8192, 60_000):
        for start in ("/", "/?a=", "/#"):
            yield f"{origin}{start}".ljust(size, "x")
        yield f"{origin}/".ljust(size, "\u00e9")
        yield "x" * size
        yield " " * size
        yield "https://".ljust(size, "a")


#: Paths, queries and fragments that must be sent exactly as they came.
PATHS = (
    *("/", "/board/1002-feature-requests", "/a/", "/a//b", "//a", f"//{EVIL}/", "///"),
    *("/a/./b", "/a/../b", "/..", "/../..//", "/%2e%2e/x", "/...", "/a.b.", "/.a"),
    *(f"/@{EVIL}", f"/user:pw@{EVIL}/", "/ada@example.com", "/a:b", "/:443", "/:@"),
    *("/a;b=1;c", "/a,b", "/a=b&c=d", "/a+b", "/a%2Bb", "/a%20b", "/a%2fb", "/%3F%23"),
    *(f"/%2F%2F{EVIL}", f"/%5C{EVIL}", "/%00", "/%0d%0aSet-Cookie:a=b", "/%E2%80%8B"),
    *("/100%", "/%", "/%zz", "/%25", "/%2525", "/caf%C3%A9", "/%FF", "/%C0%AF", "/%aB"),
    *("/~ada", "/-._~!$&'()*+,;=:@", f"/https://{EVIL}/", "/*", "/ssoToken=1"),
)
QUERIES = (
    *("a=1", "a=1&a=2&a=1", "b=1&a=2", "a=", "a", "=", "=b", "&", "&&", "a=1&&b=2"),
    *("&a=1&", "a=b=c", "a=1;b=2", "q=a+b", "q=a%2Bb", "q=a%20b", "q=%26%3D%23", "+"),
    *("q=caf%C3%A9", "q=%FF", "q=%", "q=%zz", "q=%00", "q=a?b", "?a=1", "??", "q=%25"),
    *("q=/a//b/..", f"q=https://{EVIL}/", f"redirect=https://{EVIL}/", "redirect="),
    *(f"next=//{EVIL}", f"@{EVIL}", "q='", "q=(a)*!$,:@", "q=a%5Cb", "%73=1", "q=~"),
    *("ssotoken=1", "xssoToken=1", "ssoTokens=1", "ssoToken%5B%5D=1", "ssoToken+=1"),
    *("q=ssoToken", "q=ssoToken=1", "q=1;ssoToken=2", "ssoToken;=1", "%20ssoToken=1"),
    *("token=1", "jwt=2", "sso=3", "filter%5B%5D=1&filter%5B%5D=2", "page=2&sort=top"),
)
FRAGMENTS = (
    *("#f", "#/route", "#a?b=c&d=e", "#a#b", "##", "#ssoToken=x", "#?ssoToken=x"),
    *("#%20", "#caf%C3%A9", "#!/x", f"#@{EVIL}", "#:~:text=a,-b", f"#//{EVIL}", "#&"),
    *("#'", "#%", "#%FF", "#a+b", "#=", "#comment-42", "#(a)*$;!"),
)
#: What follows the origin, and how Werkzeug must spell it (RFC 3986 §2.1).
RESPELLED = (
    ("", "/"),
    ("?a=1", "/?a=1"),
    ("#f", "/#f"),
    (f"?@{EVIL}", f"/?@{EVIL}"),
    (f"#@{EVIL}", f"/#@{EVIL}"),
    ("?a=1#f", "/?a=1#f"),
    ("/x?", "/x"),
    ("/x#", "/x"),
    ("/x?#", "/x"),
    ("?", "/"),
    ("#", "/"),
    ("/caf\u00e9", "/caf%C3%A9"),
    ("/?q=caf\u00e9&q=cafe\u0301", "/?q=caf%C3%A9&q=cafe%CC%81"),
    ("/#\u65e5\u672c", "/#%E6%97%A5%E6%9C%AC"),
    ("/\U0001f600?\U0001f600", "/%F0%9F%98%80?%F0%9F%98%80"),
    ("/\u0645?\u05d0=\u212a", "/%D9%85?%D7%90=%E2%84%AA"),
    (
        "/\uff0f\uff0e?\uff06\uff1d#\uff03",
        "/%EF%BC%8F%EF%BC%8E?%EF%BC%86%EF%BC%9D#%EF%BC%83",
    ),
    ("/?filter[]=1&filter[]=2", "/?filter%5B%5D=1&filter%5B%5D=2"),
    ("/?filter[a][b]=[1]", "/?filter%5Ba%5D%5Bb%5D=%5B1%5D"),
    ("/a[1]#[x]", "/a%5B1%5D#%5Bx%5D"),
    ('/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
    ('/?"<>^`{|}', "/?%22%3C%3E%5E%60%7B%7C%7D"),
    ('/#"<>^`{|}', "/#%22%3C%3E%5E%60%7B%7C%7D"),
)


def unchanged_pages(origin: str = BOARD) -> list[Honest]:
    """Pages that must be sent letter for letter."""
    tails = [
        *((path, "", "") for path in PATHS),
        *(("/board/1", f"?{query}", "") for query in QUERIES),
        *(("/board/1", "", fragment) for fragment in FRAGMENTS),
        *(("/", "?a=1", fragment) for fragment in FRAGMENTS),
        *(
            (path, f"?{QUERIES[i % len(QUERIES)]}", FRAGMENTS[i % len(FRAGMENTS)])
            for i, path in enumerate(PATHS * 3)
        ),
        ("/".ljust(2048 - len(origin), "x"), "", ""),
        ("/", "?a=".ljust(2047 - len(origin), "x"), ""),
        ("/", "", "#".ljust(2047 - len(origin), "x")),
    ]
    return _unique(
        Honest(f"{origin}{path}{query}{fragment}", f"{origin}{path}{query}", fragment)
        for path, query, fragment in tails
    )


def respelled_pages(origin: str = BOARD) -> list[Honest]:
    """Pages that mean the same after they were spelled in ASCII, as Werkzeug does."""
    scheme, host, port = _parts(origin)
    default = port or {"https": ":443", "http": ":80"}[scheme]
    origins = (
        f"{scheme.upper()}://{host}{port}",
        f"{scheme}://{host.upper()}{port}",
        f"{scheme.title()}://{host.title()}{default}",
        f"{scheme}://{host}{default}",
    )
    tails = ("/", "/board/1?A=1#F", "", "?a=1", f"//{EVIL}")
    pairs = [
        *((f"{origin}{tail}", sent) for tail, sent in RESPELLED),
        *((f"{o}{t}", t if t[:1] == "/" else f"/{t}") for o in origins for t in tails),
    ]
    return _unique(_honest(page, f"{origin}{sent}") for page, sent in pairs)


def dropping_pages(origin: str = BOARD, param: str = "ssoToken") -> list[Honest]:
    """Pages that carry a parameter of the token's name, which must be dropped."""
    encoded = "".join(f"%{ord(letter):02x}" for letter in param)
    first = f"%{ord(param[0]):02X}{param[1:]}"
    pairs = [
        pair
        for name in (param, encoded, encoded.upper().replace("X", "x"), first)
        for pair in (
            (f"/x?{name}=old", "/x"),
            (f"/x?{name}", "/x"),
            (f"/x?{name}=old#f", "/x#f"),
            (f"/x?a=1&{name}=old&b=2", "/x?a=1&b=2"),
            (f"/x?{name}=1&{name}=2&a={name}", f"/x?a={name}"),
            (f"/x?{name}==&a", "/x?a"),
            (f"?{name}=old", "/"),
        )
    ]
    return _unique(
        _honest(f"{origin}{page}", f"{origin}{sent}") for page, sent in pairs
    )


def honest_pages(origin: str = BOARD, param: str = "ssoToken") -> list[Honest]:
    """Every page that must be led to, each once."""
    pages = (
        *unchanged_pages(origin),
        *respelled_pages(origin),
        *dropping_pages(origin, param),
    )
    return list({honest.page: honest for honest in pages}.values())


def _honest(page: str, sent: str) -> Honest:
    address, hash_sign, fragment = sent.partition("#")
    return Honest(page, address, hash_sign + fragment)


def _unique(values: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(values))

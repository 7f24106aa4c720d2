"""Pages that must be refused, and pages that must pass, each with what is expected."""

from collections.abc import Iterator
from itertools import cycle, product
from typing import NamedTuple
from urllib.parse import quote

from support.apps import BOARD

EVIL = "evil.example"
DEFAULT_PORTS = {"https": 443, "http": 80}

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
    """A page as a link names it; what is sent up to the query, and from ``#`` on."""

    page: str
    address: str
    fragment: str = ""

    @property
    def url(self) -> str:
        """Where the visitor lands, without the token."""
        return self.address + self.fragment

    def with_token(self, token: str, param: str = "ssoToken") -> str:
        """Where the visitor lands, token included."""
        separator = "&" if "?" in self.address else "?"
        return f"{self.address}{separator}{param}={token}{self.fragment}"


_HEADER = "Set-Cookie: session=stolen"
_CODES = ("%00", "%09", "%0a", "%20", "%23", "%2e", "%2F", "%3A", "%3F", "%40")
_DOTS = (
    *("", "/.", "/a/..", "/a/b/../..", "/..", "/%2e", "/%2E%2e", "/a/.%2e"),
    *("/a/%2e./.", "/a%2fb/..", "/a%2fb/..%2f..", "/a/..%2f..", "/a%5cb/.."),
)
_SLASHES = ("//", "///", "/%2f", "/%2F%2f", "/%5c", "/%5C%2f", "/%09/", "/%0d%0a%2F")
#: What may be wrong at {x}, and where that is: in a form with the board's {s}cheme,
#: {h}ost, {p}ort, {a}uthority and {o}rigin, and an {e}vil host.
_WRONG: tuple[tuple[str | tuple[str, ...], str], ...] = (
    (
        "http https ftp ws wss file gopher mailto tel about blob javascript data "
        "vbscript view-source feed jar intent httpss htps ttps hhttps https2 s https+x "
        "HTTP HTTPS FTP",
        "{x}://{a}/board/1 {x}:{o}/board/1 {x}://{h}:1/",
    ),
    (": // ;// %3A// \uff1a// :: :://", "{s}{x}{a}/"),
    ("/ /// //// \\ \\\\ /\\ \\/ //\\ \\//", "{s}:{x}{a}/board/1 {s}:{x}{e}/board/1"),
    ("// /// //// \\ \\\\ /\\ \\/ //\\ \\//", "{x}{e}/{a}/ {x}{a}/board/1 {x}{a}@{e}/"),
    (
        "\\ \\\\ \\/ \\@ /\\ /\\\\ \\. \\:443 @ :@ :443@ :x@ %40 %00@ %2F@ &@ ;@ @@",
        "{o}{x}{e}/ {s}://{e}{x}{a}/",
    ),
    (
        "@ :@ user@ user:@ user:pw@ :pw@ %40@ a%3Ab@ a@b@",
        "{s}://{x}{a}/board/1 {s}://{x}{e}/board/1",
    ),
    (
        ": :0 :1 :22 :79 :80 :81 :443 :444 :5001 :8080 :8443 :65535 :65536 :99999 "
        ":0443 :00443 :4430 :0080 :08443 :443: :443:443 :443x :x :+443 :-443 :0x1bb "
        ":443.0 :4.43 :3%34 :%34%34%33 :４４３ :٤٤٣ :² :[443] :443; ;443 :443@443",
        "{s}://{h}{x}/board/1 {s}://{h}{x} {s}://{h}{x}?a=1",
    ),
    (("", ": 443", ":443 ", ":4 43"), "{s}://{h}{x}/board/1 {s}://{h}{x}"),
    (
        "{e} www.{e} localhost feedbackchimp.space www.feedbackchimp.com 127.0.0.2 "
        "127.1 2130706434 0x7f000002 0x7f.2 017700002 0 0.0.0.0 1 10.0.0.1 "
        "169.254.169.254 192.168.1 256.256.256.256 1.2.3.4.5 [::2] [::] "
        "[::ffff:127.0.0.2] [fe80::1%25e] [0:0:0:0:0:0:0:2] [::1 ::1] [] [x] [v1.x] "
        "[[::1]] [127.0.0.1] xn--evil-0000 xn-- xn--80ak6aa92e.com * ** *.* *.space "
        "*.feedbackchimp.space a_b -a a- . .. ... %2e %00 ~ $ ,",
        "{s}://{x}/board/1",
    ),
    ("x x. xn-- - _ 0 www. // *. evil- %61 . .. %20", "{s}://{x}{a}/board/1"),
    (
        "x 0 - .example .{e} %2eexample %00.example * . .. .%00 :443 :80",
        "{s}://{h}{x}{p}/board/1 {o}{x}",
    ),
    (
        "evil x{l} {l}x {l}-evil {l}.evil evil.{l} a www {l}.{l} {l}0 * {l}* *{l} {l}_ "
        "xn--{l} {l}%20",
        "https://{x}.{d}{p}/",
    ),
    (
        tuple(FOREIGN_TO_HOSTS),
        "{s}://{x}{a}/board/1 {s}://{l}{x}.{d}{p}/board/1 {s}://{h}{x}{p}/board/1 "
        "{o}{x}{e}/ {s}{x}://{a}/board/1 {s}:{x}//{a}/board/1 {s}:/{x}/{a}/board/1",
    ),
    (
        ("\r\n", "\n", "\r", "\r\n\r\n", "\n ", "\r\n\t", "\x0b", "\x85"),
        "{o}/{x}{c} {o}/?a=1{x}{c} {o}/#a{x}{c} {o}{x}{c} {x}{o}/ {o}/{x}",
    ),
    (
        (*_CODES, *(f"%25{c[1:]}" for c in _CODES), *(f"%u00{c[1:]}" for c in _CODES)),
        "{s}://{h}{x}{e}{p}/ {s}://{x}{h}{p}/ {s}:{x}//{a}/",
    ),
    # A board that answers such a path with a redirect to the same, without the slash at
    # its end, sends visitors to another host: by a browser's reading, or a server's.
    (
        tuple(f"{dots}{slashes}" for dots in _DOTS for slashes in _SLASHES),
        "{o}{x}{e}/ {o}{x}{e}?a=1#f {x}{e}/",
    ),
    ("%2F%2F &#47;&#47;", "{s}:{x}{a}/"),
    (
        ("",),
        "{s}{a}/ {s}:{a}/board/1 {s}:{e}/board/1 //{e} //{a} {s}://{l}..{d}{p}/ "
        "{s}://{l}-{d}{p}/ {s}://{d}{p}/ javascript:alert(1)//{o}/ "
        "javascript://{a}/%0aalert(1) "
        "data:text/html,<script>alert(1)</script> data:text/html;base64,PHNj=#{o}/ "
        "url={o}/ {s}:{s}://{a}/ http\u017f://{a}/ {o}/board\\1 {o}/?a=\\ {o}/#\\ "
        "{s}://{a}:{a}@{e}/ {s}://{e}%2F@{a}/ {s}://[{a}]@{e}/ {s}://?{h}/ {s}://#{h}/ "
        "{s}:///{h}/ {s}://{e}?{o}/ {s}://{e}#{o}/ {s}://{e}/{o}/ {s}://{e};{o}/ "
        'https://{a}.{e}/ https://{a}-{e}/ {s}%3A//{a}/ +ADw-{o}/ "{o}/" <{o}/> '
        "board/1 ./ ../ . .. ?a=1 #f ?{o}/ #{o}/ {a} {a}/board/1 // /// //. :// :/ : ; "
        "//{e}/%2e%2e {o}/a/..//b/.. /..//b/.",
    ),
)
_TWINS = {
    **{"k": "\u212a", "s": "\u017f", "a": "\u0430\u1d43\u24d0\xaa\U0001d41a"},
    **{"c": "\u0441\u2102", "e": "\u0435\u212f", "i": "\u0131\u0130\u2170"},
    **{".": "\u3002\uff0e\uff61\u2024\ufe52\xb7\u0660", ":": "\uff1a\ufe55\u2236"},
    **{"m": "\u217f", "[": "\uff3b", "1": "\uff11\u2460\xb9\u0661"},
}
_WORDS = (
    "None null undefined NaN true false 0 1 -1 [] {} [object%20Object] home board "
    "% %00 %0 %zz %ff ' \" < > & = ; , | ` ~ ^ $ * + - _ {{7*7}} ${7*7} <%=7*7%> "
    "<script>alert(1)</script> '-- ../../etc/passwd \\\\server\\share C:\\ NUL "
    "\u202e \ufeff \u200b \ufffd \U0001f600 \u0645\u0631\u062d\u0628\u0627"
)


def hostile_pages(origin: str = BOARD) -> list[str]:
    """Values of the page parameter that must be answered with 400."""
    scheme, host, port = _parts(origin)
    label, _, domain = host.partition(".")
    parts = {"s": scheme, "h": host, "p": port, "a": host + port, "o": origin}
    parts |= {"e": EVIL, "c": _HEADER, "l": label, "d": domain or "feedbackchimp.space"}
    ports = (port, port) if port else ("", f":{DEFAULT_PORTS[scheme]}")
    own = {scheme, scheme.upper(), host, *ports}
    pages = [
        form.format(x=x, **parts)
        for wrong, forms in _WRONG
        for x in (wrong.format(**parts).split() if isinstance(wrong, str) else wrong)
        for form in forms.split()
        if x not in own or "{x}" not in form
    ]
    for index, letter in enumerate(host):
        around = f"{scheme}://{host[:index]}", f"{host[index + 1 :]}{port}/board/1"
        twins = (chr(ord(letter) + 0xFEE0), *_TWINS.get(letter, ""))
        others = (*twins, f"%{ord(letter):02x}", "") if index else twins
        pages += [other.join(around) for other in others]
    pages += [f"{a}{bad}{b}" for a, b in joints(origin) for bad in FORBIDDEN]
    for page in (f"{origin}/", f"{origin}/board/1?a=1#f", f"//{EVIL}/", origin):
        once = quote(page, safe="")
        pages += [once, quote(once, safe=""), page.replace("//", "%2f%2F")]
    pages += _WORDS.split()
    pages += ["\t", "\n", "\r\n", "\x00", "\xa0", "\x0b", " \t ", "\u2003", "\u3000"]
    pages += [f"{origin}/ {origin}/", f'["{origin}/"]']
    for size in (2049, 4096, 60_000):
        starts = (f"{origin}/", f"{origin}/?a=", f"{origin}/#", "/", "x", "https://")
        pages += [start.ljust(size, "x") for start in starts]
        pages.append(f"{origin}/".ljust(size, "\u00e9"))
    pages += [f"{origin}/?{'&'.join([pair] * 101)}" for pair in ("", "a", "ssoToken=1")]
    return list(dict.fromkeys(pages))


def hostile_queries(origin: str = BOARD) -> list[bytes]:
    """Whole query strings, byte for byte, that must be answered with 400."""
    pages = (origin, f"{origin}/", f"{origin}/board/1", f"https://{EVIL}/", "", " ")
    quoted = [quote(page, safe="") for page in pages]
    names = ("redirect", "%72edirect", "%72%65direct")
    queries = [
        f"{name}={first}&{between}redirect={second}"
        for name, between, first, second in product(names, ("", "x=1&"), quoted, quoted)
    ]
    queries += ["&".join(["redirect"] * count) for count in (2, 3, 500)]
    no_text = (b"\xff", b"\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80")
    page = f"{origin}/board/1".encode()
    around = ((page, b""), (b"", page), (f"{origin}/".encode(), b"board/1"), (b"", b""))
    raw = [b"redirect=%b%b%b" % (a, bad, b) for bad in no_text for a, b in around]
    return [*(query.encode() for query in queries), *raw]


def _parts(origin: str) -> tuple[str, str, str]:
    """Scheme, host and port (with its colon) of an origin."""
    scheme, _, authority = origin.partition("://")
    if authority.endswith("]") or ":" not in authority:
        return scheme, authority, ""
    host, _, port = authority.rpartition(":")
    return scheme, host, f":{port}"


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


#: Paths, queries and fragments that must be sent exactly as they came.
PATHS = (
    *("/", "/board/1002-feature-requests", "/a/", "/a//b", "/a///", f"/a//{EVIL}/"),
    *("/a/./b", "/a/../b", "/..", "/%2e%2e/x", "/...", "/a.b.", "/.a", "/a/b/..//c"),
    *(f"/@{EVIL}", f"/user:pw@{EVIL}/", "/ada@example.com", "/a:b", "/:443", "/:@"),
    *("/a;b=1;c", "/a,b", "/a=b&c=d", "/a+b", "/a%2Bb", "/a%20b", "/a%2fb", "/%3F%23"),
    *(f"/a%2F%2F{EVIL}", f"/a%5C{EVIL}", "/%00", "/%0d%0aSet-Cookie:a=b", "/%E2%80%8B"),
    *("/100%", "/%", "/%zz", "/%25", "/%252F", "/caf%C3%A9", "/%FF", "/%C0%AF", "/%aB"),
    *("/~ada", "/-._~!$&'()*+,;=:@", f"/https://{EVIL}/", f"/{BOARD}/x", "/ssoToken=1"),
)
QUERIES = (
    *("a=1", "a=1&a=2&a=1", "b=1&a=2", "a=", "a", "=", "=b", "a=b=c"),
    *("&".join("a" * 100), "q=a+b", "q=a%2Bb", "q=a%20b", "q=%26%3D%23", "+"),
    *("q=a%3Bb", "q=caf%C3%A9", "q=%FF", "q=%", "q=%zz", "q=%00", "q=a?b", "?a=1"),
    *("??", "q=%25", "q=/a//b/..", "%73=1", f"q={BOARD}/", f"redirect=https://{EVIL}/"),
    *("redirect=", f"next=//{EVIL}", "q=~", f"@{EVIL}", "q='", "q=(a)*!$,:@"),
    *("q=a%5Cb", "xssoToken=1", "ssoTokens=1", "q=ssoToken", "q=ssoToken=1", "token=1"),
    *("jwt=2", "sso=3", "x%5BssoToken%5D=1", "filter%5B%5D=1&filter%5B%5D=2"),
    "page=2&sort=top",
)
FRAGMENTS = (
    *("#f", "#/route", "#a?b=c&d=e", "#a#b", "##", "#ssoToken=x", "#?ssoToken=x"),
    *("#%20", "#caf%C3%A9", "#!/x", f"#@{EVIL}", "#:~:text=a,-b", f"#//{EVIL}", "#&"),
    *("#'", "#%", "#%FF", "#a+b", "#=", "#comment-42", "#(a)*$;!"),
)
#: What follows the origin, and how it must be spelled (RFC 3986 §2.1).
RESPELLED = (
    *(("", "/"), ("?a=1", "/?a=1"), ("#f", "/#f"), (f"?@{EVIL}", f"/?@{EVIL}")),
    *((f"#@{EVIL}", f"/#@{EVIL}"), ("?a=1#f", "/?a=1#f"), ("/x?", "/x"), ("/x#", "/x")),
    *(("/x?#", "/x"), ("?", "/"), ("#", "/"), ("/caf\u00e9", "/caf%C3%A9")),
    ("/?q=caf\u00e9&q=cafe\u0301", "/?q=caf%C3%A9&q=cafe%CC%81"),
    ("/#\u65e5\u672c", "/#%E6%97%A5%E6%9C%AC"),
    ("/\U0001f600?\U0001f600", "/%F0%9F%98%80?%F0%9F%98%80"),
    ("/\u0645?\u05d0=\u212a", "/%D9%85?%D7%90=%E2%84%AA"),
    ("/\uff0f?\uff06\uff1d#\uff03", "/%EF%BC%8F?%EF%BC%86%EF%BC%9D#%EF%BC%83"),
    ("/?filter[]=1&filter[]=2", "/?filter%5B%5D=1&filter%5B%5D=2"),
    ("/?filter[a][b]=[1]", "/?filter%5Ba%5D%5Bb%5D=%5B1%5D"),
    ("/a[1]#[x]", "/a%5B1%5D#%5Bx%5D"),
    *((f'/{x}"<>^`{{|}}', f"/{x}%22%3C%3E%5E%60%7B%7C%7D") for x in ("", "?", "#")),
)
#: Queries that are not sent as they came: empty pairs go, and ``;`` is encoded, because
#: boards that split there would read another pair.
DROPPED = (
    *(("&", ""), ("&&", ""), ("a=1&&b=2", "a=1&b=2"), ("&a=1&", "a=1")),
    *(("a=1;b=2", "a=1%3Bb=2"), (";", "%3B"), (";&;a", "%3B&%3Ba")),
    ("&" * 99, ""),
)
#: The token's own name, as some server reads it.
SPELLINGS = (
    *("{}", "{}[]", "{}%5B%5D", "{}[x]", "{}[a][b]", "{}%5b0", "{}[", "+{}", "%20{}"),
    *("{}+", "{}%09", "%0A{}", "%C2%A0{}", "{}%00", "{}%00x", "+{}+[]", "{}%20%5B%5D"),
)


def unchanged_pages(origin: str = BOARD) -> list[Honest]:
    """Pages that must be sent letter for letter."""
    mixed = zip(PATHS * 3, cycle(QUERIES), cycle(FRAGMENTS), strict=False)
    tails = [
        *((path, "") for path in PATHS),
        *((f"/board/1?{query}", "") for query in QUERIES),
        *((address, end) for address in ("/board/1", "/?a=1") for end in FRAGMENTS),
        *((f"{path}?{query}", fragment) for path, query, fragment in mixed),
        ("/".ljust(2048 - len(origin), "x"), ""),
        ("/?a=".ljust(2048 - len(origin), "x"), ""),
        ("/", "#".ljust(2047 - len(origin), "x")),
    ]
    return [
        Honest(origin + path + end, origin + path, end)
        for path, end in dict.fromkeys(tails)
    ]


def respelled_pages(origin: str = BOARD) -> list[Honest]:
    """Pages that mean the same after they were spelled in ASCII."""
    scheme, host, port = _parts(origin)
    default = port or f":{DEFAULT_PORTS[scheme]}"
    origins = (
        *(f"{scheme.upper()}://{host}{port}", f"{scheme}://{host.upper()}{port}"),
        *(f"{scheme.title()}://{host.title()}{default}", f"{scheme}://{host}{default}"),
    )
    tails = ("/", "/board/1?A=1#F", "", "?a=1", f"/a//{EVIL}")
    pairs = [
        *((f"{origin}{tail}", sent) for tail, sent in RESPELLED),
        *((f"{o}{t}", t if t[:1] == "/" else f"/{t}") for o in origins for t in tails),
    ]
    return [_honest(page, origin + sent) for page, sent in dict.fromkeys(pairs)]


def path_pages(origin: str = BOARD) -> list[Honest]:
    """Pages that are named by their path only."""
    return [
        honest._replace(page=honest.page.removeprefix(origin))
        for honest in (*unchanged_pages(origin), *respelled_pages(origin))
        if honest.page.startswith(f"{origin}/")
    ]


def dropping_pages(origin: str = BOARD, param: str = "ssoToken") -> list[Honest]:
    """Pages with pairs that must not be sent on: empty ones, and any other token."""
    encoded = "".join(f"%{ord(letter):02x}" for letter in param)
    names = (param, param.upper(), encoded, encoded.upper().replace("X", "x"))
    pairs = [
        pair
        for name in (*(name.format(param) for name in SPELLINGS), *names)
        for pair in (
            (f"/x?{name}=old", "/x"),
            (f"/x?{name}#f", "/x#f"),
            (f"/x?a=1&{name}=old&b=2", "/x?a=1&b=2"),
            (f"?{name}=1&&{name}==&a={param}", f"/?a={param}"),
        )
    ]
    pairs += [(f"/x?{came}", f"/x?{sent}".rstrip("?")) for came, sent in DROPPED]
    return [
        _honest(origin + page, origin + sent) for page, sent in dict.fromkeys(pairs)
    ]


#: What a stranger's token is put into, in a link to the app.
VICTIMS = ("{page}?ssoToken={token}", "/sso?s={state}&to={page}&ssoToken={token}")


def token_attacks() -> Iterator[tuple[str, str]]:
    """Return URLs, with queries that would have a board read ``EVE`` as token."""
    spelled = [s.format(n) for s in SPELLINGS for n in ("ssoToken", "SSOTOKEN")]
    spelled += ["ssotoken", "s%73oToken", "ssoToken;x", "x;ssoToken"]
    for name in spelled:
        pages = (
            *(f"/x?{name}=EVE", f"/x?a=1&{name}=EVE", f"/x?a=1;{name}=EVE"),
            *(f"/x?{name}=EVE;b=2#f", f"/x?{'&' * 99}{name}=EVE", f"/x;{name}=EVE?a"),
        )
        for template in VICTIMS:
            for page in pages:
                yield template, f"redirect={quote(page, safe='')}&state=1"
        for separator in (";", "%3B", "%26"):
            yield VICTIMS[1], f"redirect=/x&state=1{separator}{name}=EVE"
        yield VICTIMS[1], f"{name}=EVE&redirect=/x&state=1"


def honest_pages(origin: str = BOARD, param: str = "ssoToken") -> list[Honest]:
    """Every page that must be led to, each once."""
    named = (*unchanged_pages(origin), *respelled_pages(origin), *path_pages(origin))
    pages = (*named, *dropping_pages(origin, param))
    return list({honest.page: honest for honest in pages}.values())


def _honest(page: str, sent: str) -> Honest:
    address, hash_sign, fragment = sent.partition("#")
    return Honest(page, address, hash_sign + fragment)

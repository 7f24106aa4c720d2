"""Whether a URL stays on this site; knows nothing of requests."""

from __future__ import annotations

import re
from urllib.parse import quote

#: Longest URL that every server can be expected to take (RFC 9110 §4.1), in bytes.
MAX_BYTES = 8000

# One slash, and then neither a second one nor a backslash, which browsers take for a
# slash: from there a URL parser can no longer find a host (WHATWG URL §4.4, "relative
# slash state"). Backslashes and spaces further on have no place in a URL either.
_ABSOLUTE_PATH = re.compile(r"/(?!/)[^\\ ]*")
_SAFE = "%!#$&'()*+,/:;=?@"


def local_url(url: str) -> str | None:
    """A URL of a page on this site, in ASCII; or ``None`` if it is not one.

    :param url: what a request names: an absolute path with query and fragment. A URL
        with a scheme or a host is refused even if it is this site's own.
    """
    # isprintable: no control character, which URL parsers drop ("/\t/evil.example"),
    # no invisible one, no lone surrogate.
    if _ABSOLUTE_PATH.fullmatch(url) is None or not url.isprintable():
        return None
    # Quoted here, so that what was judged is what Werkzeug sends.
    url = quote(url, safe=_SAFE)
    return url if len(url) <= MAX_BYTES else None

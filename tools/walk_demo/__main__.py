"""Walk through the running demo as its visitors do: ``python tools/walk_demo [TREE]``.

It runs ``make demo`` in a checkout (this one unless given) on free ports, follows links
and fills in forms over HTTP, and stops it as Ctrl-C would. One line is printed for each
step; the first that fails ends the walk with the reason and exit status 1.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from browser import Browser
from outcome import Walk, WalkFailed, expect
from process import Demo, demo, free_ports, is_answering
from visits import TOKEN, expect_refused, expect_signed_in, log_in

POST = "/board/1002-feature-requests/34-export-to-csv?sort=new#comments"
# Who is turned away, and what they are told.
REFUSED = {
    "grace@example.com": "verify your e-mail address first",
    "boss@example.com": "sign in there by hand",
}


def walk_public_board(walk: Walk, tree: Path) -> None:
    """The demo as most people start it."""
    with demo(tree) as running:
        for text in (running.app, running.board, "lovelace", "ada@example.com"):
            expect(text in running.said, f"make demo does not say {text}")
        walk.saw("make demo says where both servers are and who can log in")
        see_loopback_alone(running)
        walk.saw("both answer at 127.0.0.1, and at no other address that was tried")
        ada = Browser()
        see_feedback_link(walk, running, ada)
        see_board_login(walk, running)
        see_deep_link(walk, running)
        see_refusals(walk, running)
        see_hostile_next(walk, running)
        see_taken_port(walk, running, tree)
        expect(TOKEN.search(running.said) is None, "a token was printed")
        walk.saw("no token was printed on the terminal")
        running.stop(signal.SIGINT, group=True)
        expect("Traceback" not in running.said, f"a traceback:\n{running.said}")
        running.expect_nothing_left()
        walk.saw("Ctrl-C stops both servers, and both ports are free")


def see_loopback_alone(demo: Demo) -> None:
    """Nothing is bound to all addresses."""
    for url in (demo.app, demo.board):
        expect(is_answering(url), f"{url} does not answer at 127.0.0.1")
        expect(not is_answering(url, "127.0.0.2"), f"{url} answers at 127.0.0.2")


def see_feedback_link(walk: Walk, demo: Demo, ada: Browser) -> None:
    """Log in first, click then; and use the token twice."""
    ada.visit(f"{demo.app}/login")
    expect("lovelace" in ada.page.body, "the login page does not show the password")
    log_in(ada, "ada@example.com")
    expect(ada.url == f"{demo.app}/", f"the login led to {ada.url}")
    ada.click("Feedback")
    expect_signed_in(ada, f"{demo.board}/", "Ada Lovelace")
    walk.saw("Ada logs in, clicks Feedback, and is signed in on the board")
    used = next(hop.url for hop in ada.hops if TOKEN.search(hop.url))
    stranger = Browser()
    stranger.visit(used)
    expect(stranger.page.status == 403, f"answered {stranger.page.status}, not 403")
    expect("jti_used" in stranger.page.body, "the refusal does not say jti_used")
    walk.saw("the same token is refused the second time")


def see_board_login(walk: Walk, demo: Demo) -> None:
    """Begin on the board."""
    ada = Browser()
    page = demo.board + POST.partition("#")[0]
    ada.visit(page)
    ada.click("Log in")
    log_in(ada, "ada@example.com")
    expect_signed_in(ada, page, "Ada Lovelace")
    walk.saw("“Log in” on a post of the board leads through the app and back to it")


def see_deep_link(walk: Walk, demo: Demo) -> None:
    """Click first, log in then."""
    ada = Browser()
    ada.visit(f"{demo.app}/whats-new")
    ada.click("Tell us under the post")
    log_in(ada, "ada@example.com")
    expect_signed_in(ada, demo.board + POST, "Ada Lovelace")
    walk.saw("a deep link survives the login, with its query and its fragment")


def see_refusals(walk: Walk, demo: Demo) -> None:
    """People who get no token."""
    for email, sentence in REFUSED.items():
        browser = Browser()
        browser.visit(f"{demo.app}/")
        browser.click("Feedback")
        log_in(browser, email)
        expect_refused(browser, demo, sentence)
        walk.saw(f"{email} is turned away: “{sentence}”, and a link to the board")


def see_hostile_next(walk: Walk, demo: Demo) -> None:
    """A login link that somebody else made up."""
    for url in ("//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil"):
        ada = Browser()
        ada.visit(f"{demo.app}/login?{urlencode({'next': url})}")
        log_in(ada, "ada@example.com")
        expect(ada.url == f"{demo.app}/", f"next={url!r} led to {ada.url}")
    walk.saw("a “next” that leaves the site leads home")


def see_taken_port(walk: Walk, demo: Demo, tree: Path) -> None:
    """A second demo on the same ports."""
    ports = [urlsplit(url).port or 0 for url in (demo.app, demo.board)]
    for index, taken in enumerate(ports):
        pair = free_ports()
        pair[index] = taken
        second = Demo(tree, pair)
        try:
            status, said = second.wait_for_end(), second.said
        finally:
            second.close()
        expect(status != 0, "it ended as if all were well")
        expect(f"Port {taken} is taken by another program" in said, said)
        expect("Traceback" not in said, said)
        expect(not is_answering(f"http://localhost:{pair[1 - index]}"), "one is left")
        expect(is_answering(demo.app) and is_answering(demo.board), "the first ended")
    walk.saw("a port that is taken is one sentence, and the first demo goes on")


def walk_private_board(walk: Walk, tree: Path) -> None:
    """The demo with a board that sends every stranger to the app."""
    with demo(tree, "PRIVATE=1") as running:
        expect("nstalling" not in running.said, "the second start installs again")
        walk.saw("a second start installs nothing")
        ada = Browser()
        ada.visit(running.board + POST)
        log_in(ada, "ada@example.com")
        expect_signed_in(ada, running.board + POST, "Ada Lovelace")
        walk.saw("the private board sends Ada to the login, and gets her back")
        for email, sentence in REFUSED.items():
            browser = Browser()
            browser.visit(running.board + POST)
            log_in(browser, email)
            expect_refused(browser, running, sentence)
            # Whoever follows the link to the board comes to the same page, by one way.
            browser.click("Go to the feedback board without signing in")
            expect_refused(browser, running, sentence)
            walk.saw(f"{email} is turned away from the private board, and never loops")
        running.stop(signal.SIGTERM, group=False)
        running.expect_nothing_left()
        walk.saw("TERM to make stops both servers, and both ports are free")


def main() -> int:
    """Walk; the exit status is 1 if a step failed."""
    tree = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[2]
    walk = Walk()
    try:
        walk_public_board(walk, tree)
        walk_private_board(walk, tree)
    except (WalkFailed, OSError) as failure:
        print(f"not ok  {failure}\n{walk.steps} passed, 1 failed", file=sys.stderr)
        return 1
    print(f"{walk.steps} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Many at once: no token of one for another, and no ``jti`` twice."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from threading import Barrier

import pytest
from flask import Flask

from flask_feedbackchimp import FeedbackChimp, Identity
from support.apps import PREFIX, SECRET, User, claims_of, logged_in, make_app
from support.outside import run_python
from support.sampling import THOROUGH

THREADS = 32
WORKERS = 4
ROUNDS = 25 if THOROUGH else 8
USERS = [User(f"user{number}") for number in range(THREADS)]
SECRETS = {"acme": SECRET, "umbrella": SECRET[::-1]}
Visits = list[tuple[str, int, str]]  # organization, number of the user, board URL


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often as they usually do."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    yield
    sys.setswitchinterval(interval)


def two_apps() -> dict[str, Flask]:
    """Two apps of one extension object; each has its board and its secret."""
    extension = FeedbackChimp()
    extension.identity_loader(lambda u: Identity(u.email, u.name, claims={"id": u.id}))
    apps = {}
    for organization, secret in SECRETS.items():
        apps[organization] = make_app(
            *USERS,
            feedbackchimp=extension,
            FEEDBACKCHIMP_ORGANIZATION=organization,
            FEEDBACKCHIMP_JWT_SECRET=secret,
        )
    return apps


def assert_right(visits: Visits, number: int) -> None:
    """Each has a token for its board, about its person, with its own ``jti``."""
    jtis = set()
    for organization, number_of_user, url in visits:
        home, _, token = url.partition("?ssoToken=")
        assert home == f"https://{organization}.feedbackchimp.space/"
        claims = claims_of(token, SECRETS[organization])
        user = USERS[number_of_user]
        assert claims["email"] == user.email
        assert claims["name"] == user.name
        assert claims["id"] == user.id
        jtis.add(claims["jti"])
    assert len(jtis) == len(visits) == number * len(SECRETS) * ROUNDS


def in_threads(work: Callable[[int], Visits]) -> None:
    """Have 32 threads begin at the same moment."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Visits:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        visits = [*chain.from_iterable(pool.map(begin, range(THREADS)))]
    assert_right(visits, THREADS)


def visit(apps: dict[str, Flask], user: int) -> Visits:
    clients = {name: logged_in(app, USERS[user].id) for name, app in apps.items()}
    asked = [*clients.items()] * ROUNDS
    return [(name, user, client.get(PREFIX).location) for name, client in asked]


def test_requests_of_threads(eager_threads):
    """Every thread is another visitor of both apps."""
    in_threads(partial(visit, two_apps()))


def test_calls_of_threads(eager_threads):
    """Every thread uses both apps in turn, one within the other."""
    apps = two_apps()

    def call(number: int) -> Visits:
        visits = []
        sso_url = partial(apps["acme"].feedbackchimp.sso_url, user=USERS[number])
        for _ in range(ROUNDS):
            with apps["acme"].app_context():
                with apps["umbrella"].app_context():
                    visits.append(("umbrella", number, sso_url()))
                visits.append(("acme", number, sso_url()))
        return visits

    in_threads(call)


def report_forked() -> None:
    """Print what forked workers sign, and what is signed before and after the fork."""
    apps = two_apps()
    # What the first visit leaves in memory is what the workers share.
    told = visit(apps, THREADS - 1)
    pipes = [os.pipe() for _ in range(WORKERS)]
    for number, (_, writer) in enumerate(pipes):
        if os.fork() == 0:
            with os.fdopen(writer, "w") as pipe:
                json.dump(visit(apps, number), pipe)
            os._exit(0)
        os.close(writer)
    for reader, _ in pipes:
        with os.fdopen(reader) as pipe:
            told += json.load(pipe)
    print(json.dumps(told + visit(apps, THREADS - 1)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_forked_workers():
    """Workers that a server forks from an app which is loaded, and has signed."""
    program = "import test_concurrency; test_concurrency.report_forked()"
    assert_right(json.loads(run_python("-c", program)), WORKERS + 2)

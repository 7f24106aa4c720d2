"""Many at once: no token of one for another, and no ``jti`` twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from flask_feedbackchimp import FeedbackChimp, Identity
from support.apps import PREFIX, SECRET, User, claims_of, logged_in, make_app
from support.sampling import THOROUGH

THREADS = 32
WORKERS = 4
ROUNDS = 25 if THOROUGH else 8
USERS = [User(f"user{number}") for number in range(THREADS)]
SECRETS = {"acme": SECRET, "umbrella": SECRET[::-1]}


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often as they usually do."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    yield
    sys.setswitchinterval(interval)


def two_apps() -> dict[str, Flask]:
    """Two apps of one extension object, with a board and a secret each."""
    feedbackchimp = FeedbackChimp()

    @feedbackchimp.identity_loader
    def load(user: Any) -> Identity:
        return Identity(user.email, user.name, claims={"id": user.id})

    return {
        organization: make_app(
            *USERS,
            feedbackchimp=feedbackchimp,
            FEEDBACKCHIMP_ORGANIZATION=organization,
            FEEDBACKCHIMP_JWT_SECRET=secret,
        )
        for organization, secret in SECRETS.items()
    }


def in_threads(work: Callable[[int], list[str]]) -> list[str]:
    """What 32 threads return that all begin at the same moment."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> list[str]:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return [jti for jtis in pool.map(begin, range(THREADS)) for jti in jtis]


def jti_of(url: str, organization: str, user: User) -> str:
    """The ``jti`` of a token that is on the right board, about the right person."""
    home, _, token = url.partition("?ssoToken=")
    assert home == f"https://{organization}.feedbackchimp.space/"
    claims = claims_of(token, SECRETS[organization])
    assert (claims["email"], claims["name"]) == (user.email, user.name)
    assert claims["id"] == user.id
    jti: str = claims["jti"]
    return jti


def test_requests_of_threads(eager_threads):
    """Every thread is another visitor; neighbours use different apps."""
    apps = two_apps()

    def visit(number: int) -> list[str]:
        organization, user = list(apps)[number % 2], USERS[number]
        client = logged_in(apps[organization], user.id)
        urls = [client.get(PREFIX).headers["Location"] for _ in range(ROUNDS)]
        return [jti_of(url, organization, user) for url in urls]

    jtis = in_threads(visit)
    assert len(jtis) == len(set(jtis)) == THREADS * ROUNDS


def test_calls_of_threads(eager_threads):
    """Every thread uses both apps in turn, one within the other."""
    apps = two_apps()
    sso_url = apps["acme"].feedbackchimp.sso_url

    def call(number: int) -> list[str]:
        user, jtis = USERS[number], []
        for _ in range(ROUNDS):
            with apps["acme"].app_context():
                with apps["umbrella"].app_context():
                    jtis.append(jti_of(sso_url(user=user), "umbrella", user))
                jtis.append(jti_of(sso_url(user=user), "acme", user))
        return jtis

    jtis = in_threads(call)
    assert len(jtis) == len(set(jtis)) == 2 * THREADS * ROUNDS


def report_forked() -> None:
    """Print what forked workers sign; runs in a process of its own, see below."""
    apps = two_apps()
    # Before the fork as well: what it leaves in memory is what the workers share.
    told = [urls_of(apps, USERS[-1])]
    readers = []
    for number in range(WORKERS):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                json.dump(urls_of(apps, USERS[number]), pipe)
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    for reader in readers:
        with os.fdopen(reader) as pipe:
            told.append(json.load(pipe))
    told.append(urls_of(apps, USERS[-1]))
    print(json.dumps(told))


def urls_of(apps: dict[str, Flask], user: User) -> list[tuple[str, str]]:
    urls = []
    for organization, app in apps.items():
        client = logged_in(app, user.id)
        for _ in range(ROUNDS):
            urls.append((organization, client.get(PREFIX).headers["Location"]))
    return urls


def test_forked_workers():
    """Workers that a server forks from an app which is loaded, and has signed."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    here = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-c", "import test_concurrency as t; t.report_forked()"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    users = [USERS[-1], *USERS[:WORKERS], USERS[-1]]
    jtis = [
        jti_of(url, organization, user)
        for user, urls in zip(users, json.loads(done.stdout), strict=True)
        for organization, url in urls
    ]
    assert len(jtis) == len(set(jtis)) == (WORKERS + 2) * 2 * ROUNDS

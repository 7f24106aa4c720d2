"""The figures: what is measured for each, and the goal it is held against."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import measure
from environments import CRYPTOGRAPHY, LOWEST, NEWEST
from load import requests_per_second
from measure import Count
from report import Row

PACKAGE = "flask_feedbackchimp"


class Ratio(NamedTuple):
    """Two workloads, the instructions of one by those of the other."""

    figure: str
    title: str
    environment: str
    workload: str
    other: str
    goal: float | None = None

    @property
    def jobs(self) -> set[tuple[str, str]]:
        """What is to be counted."""
        return {(self.environment, self.workload), (self.environment, self.other)}


_REQUEST = "one SSO request / by hand"
_TOKEN = "create_token(user) / by hand"
_LINKS = "50 × feedbackchimp_url() / url_for()"


def _grown(workload: str, what: str, *, than: str) -> Ratio:
    """One request with many of something, by the same with one of it or none."""
    return Ratio("growth", f"request: {what}", NEWEST, workload, than, 1.01)


def _floor(workload: str, what: str) -> Ratio:
    """A part of the request that neither side can do without."""
    return Ratio("floor", f"floor: {what} / request by hand", NEWEST, workload, _HAND)


_HAND = "request-hand"
RATIOS = (
    Ratio("request", _REQUEST, NEWEST, "request-ours", _HAND, 0.95),
    Ratio("request", _REQUEST, LOWEST, "request-ours", _HAND, 0.95),
    Ratio("token", _TOKEN, NEWEST, "token-ours", "token-hand", 0.95),
    Ratio("token", _TOKEN, LOWEST, "token-ours", "token-hand", 0.95),
    Ratio("links", _LINKS, NEWEST, "links-ours", "links-hand", 0.80),
    _grown("admins:100", "100 admin addresses / 1", than="admins:1"),
    _grown("admins:10000", "10 000 admin addresses / 1", than="admins:1"),
    _grown("boards:100", "100 apps, each with its board / 1", than="request-ours"),
    _grown("settings:10000", "10 000 more settings / none", than="request-ours"),
    _floor("request-bare", "Flask, a constant answer"),
    _floor("request-floor", "the same, session and login_required"),
    _floor("token-hand", "claims and jwt.encode"),
    Ratio(
        "floor",
        "floor: 50 × any callable / url_for()",
        NEWEST,
        "links-floor",
        "links-hand",
    ),
)


def count_all(
    ratios: Sequence[Ratio], *, iterations: int, repeats: int
) -> dict[tuple[str, str], Count]:
    """Count what the ratios need, each workload once, by environment and workload.

    :param repeats: processes for each workload.
    """
    jobs = sorted(set().union(*(ratio.jobs for ratio in ratios)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(
            lambda job: measure.count(job[0], job[1], iterations, repeats=repeats),
            jobs,
        )
        return dict(zip(jobs, counts, strict=True))


def ratio_rows(
    ratios: Sequence[Ratio],
    counts: Mapping[tuple[str, str], Count],
    labels: Mapping[str, str],
) -> Iterator[Row]:
    """The ratios of instructions.

    :param labels: what the table calls each environment.
    """
    for ratio in ratios:
        yield Row(
            ratio.title,
            labels[ratio.environment],
            counts[ratio.environment, ratio.workload].instructions,
            other=counts[ratio.environment, ratio.other].instructions,
            goal=ratio.goal,
        )


def body_rows(
    counts: Mapping[tuple[str, str], Count], labels: Mapping[str, str]
) -> Iterator[Row]:
    """The body of the redirect, as the counted request saw it."""
    ours = counts[NEWEST, "request-ours"].facts
    hand = counts[NEWEST, "request-hand"].facts
    for fact, title, most in (
        ("body_bytes", "body of the 302, bytes / by hand", 64),
        ("body_tokens", "tokens in that body / by hand", 0),
    ):
        yield Row(title, labels[NEWEST], ours[fact], other=hand[fact], most=most)


def import_rows(
    labels: Mapping[str, str], *, repeats: int, counted: bool
) -> Iterator[Row]:
    """What importing costs after Flask and Flask-Login, and after ``jwt``.

    :param repeats: fresh processes for each time; the median is taken.
    :param counted: whether instructions are counted as well.
    """
    for environment in (name for name in (NEWEST, CRYPTOGRAPHY) if name in labels):
        label = labels[environment]
        own = measure.time_import(environment, PACKAGE, repeats=repeats)
        yield Row("own import", label, own, unit="ms", most=3)
        if counted:
            count = measure.count_import(environment, PACKAGE)
            yield Row("own import, instructions", label, count)
        first = measure.time_import(environment, "set-up", repeats=repeats)
        yield Row("first init_app after it, without jwt", label, first, unit="ms")
        early = len(measure.imported_early(environment))
        yield Row("modules of jwt, cli, sandbox in it", label, early, most=0)
        jwt = measure.time_import(environment, "jwt", repeats=repeats)
        yield Row("import of jwt, not in it", label, jwt, unit="ms")


def load_rows(labels: Mapping[str, str], *, seconds: int, rounds: int) -> Iterator[Row]:
    """Requests per second with gunicorn and wrk."""
    rates = requests_per_second(
        NEWEST, ("ours", "hand"), seconds=seconds, rounds=rounds
    )
    yield Row(
        "requests per second / by hand",
        labels[NEWEST],
        rates["ours"],
        other=rates["hand"],
    )

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
RATIOS = (
    Ratio("request", _REQUEST, NEWEST, "request-ours", "request-hand", 0.95),
    Ratio("request", _REQUEST, LOWEST, "request-ours", "request-hand", 0.95),
    Ratio("token", _TOKEN, NEWEST, "token-ours", "token-hand", 0.95),
    Ratio("token", _TOKEN, LOWEST, "token-ours", "token-hand", 0.95),
    Ratio(
        "links",
        "50 × feedbackchimp_url() / url_for()",
        NEWEST,
        "links-ours",
        "links-hand",
        0.80,
    ),
    *(
        Ratio("growth", f"request, {size} {what} / 1", NEWEST, ours, f"{kind}:1", 1.01)
        for kind, what, sizes in (
            ("admins", "admin addresses", (100, 10_000)),
            ("boards", "boards (one per app)", (100,)),
            ("settings", "settings of the app's own", (100, 10_000)),
        )
        for size in sizes
        for ours in (f"{kind}:{size}",)
    ),
    *(
        Ratio("floor", f"{title} / request by hand", NEWEST, workload, "request-hand")
        for title, workload in (
            ("view of Flask alone, constant answer", "request-bare"),
            ("the same with session and login_required", "request-floor"),
            ("claims and jwt.encode by hand", "token-hand"),
        )
    ),
    Ratio(
        "floor",
        "50 × a callable returning a constant / url_for()",
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
    for environment in (NEWEST, CRYPTOGRAPHY):
        label = labels[environment]
        own = measure.time_import(environment, PACKAGE, repeats=repeats)
        yield Row("own import", label, own, unit="ms", most=3)
        if counted:
            count = measure.count_import(environment, PACKAGE)
            yield Row("own import, instructions", label, count)
        early = len(measure.imported_early(environment))
        yield Row("jwt, cli, sandbox imported by it", label, early, most=0)
        jwt = measure.time_import(environment, "jwt", repeats=repeats)
        yield Row("import of jwt, for comparison", label, jwt, unit="ms")


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

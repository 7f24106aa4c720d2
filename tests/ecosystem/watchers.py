"""Watchers: each writes all that it collects about an app into one file."""

import gzip
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, request

from flask_feedbackchimp import token_issued

Watcher = Callable[[Flask, Path], Callable[[], Any]]


def _write(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data + b"\n")


def sentry(app: Flask, log: Path) -> Callable[[], Any]:
    """Errors with the locals of every frame, every trace, every breadcrumb."""
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class ToFile(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            _write(log, envelope.serialize())

    sentry_sdk.init(
        "http://key@localhost/1",
        transport=ToFile,
        traces_sample_rate=1.0,
        send_default_pii=True,
        include_local_variables=True,
        max_value_length=100_000,
    )
    return sentry_sdk.flush


def elastic_apm(app: Flask, log: Path) -> Callable[[], Any]:
    """Transactions and errors, without headers: ``Location`` is one of them."""
    from elasticapm.contrib.flask import ElasticAPM
    from elasticapm.transport.base import Transport

    class ToFile(Transport):
        def send(self, data: bytes, forced_flush: bool = False) -> None:
            _write(log, gzip.decompress(data))

    globals()["ToFile"] = ToFile  # the agent takes its transport by name
    app.config["ELASTIC_APM"] = {
        "TRANSPORT_CLASS": f"{__name__}.ToFile",
        "SERVICE_NAME": "app",
        "CENTRAL_CONFIG": False,
        "CLOUD_PROVIDER": "none",
        "CAPTURE_HEADERS": False,
        "CAPTURE_BODY": "all",
        "COLLECT_LOCAL_VARIABLES": "all",
        "DEBUG": True,
    }
    return ElasticAPM(app).client._transport.flush


def opentelemetry(app: Flask, log: Path) -> Callable[[], Any]:
    """A span for every request, and its exceptions."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    provider = TracerProvider()
    exporter = ConsoleSpanExporter(out=log.open("a"))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    return provider.force_flush


def prometheus(app: Flask, log: Path) -> Callable[[], Any]:
    """Counts and times, labelled with the path."""
    from prometheus_client import generate_latest
    from prometheus_flask_exporter import PrometheusMetrics

    metrics = PrometheusMetrics(app)
    return lambda: _write(log, generate_latest(metrics.registry))


#: By the name of the distribution.
WATCHERS: dict[str, Watcher] = {
    "sentry-sdk": sentry,
    "elastic-apm": elastic_apm,
    "opentelemetry-instrumentation-flask": opentelemetry,
    "prometheus-flask-exporter": prometheus,
}


def watch(app: Flask, watcher: Watcher, log: Path) -> None:
    """Watch an app; give it a way to fail, one to leak, and one to be done."""
    logging.basicConfig(filename=f"{log}.log", level=logging.DEBUG)
    flush = watcher(app, log)

    def fail(*_: Any, **__: Any) -> None:
        local = "frame" * 2  # the source of this line does not have the value
        if "X-Fail" in request.headers and local:
            raise RuntimeError("a receiver failed")

    def leak(what: str) -> None:
        raise RuntimeError("leaked")

    token_issued.connect(fail, weak=False)
    app.add_url_rule("/leak/<path:what>", view_func=leak)
    app.add_url_rule("/flush", "flush", lambda: [flush()] and "flushed")

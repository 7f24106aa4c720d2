"""What error reporters see of our frames, whatever fails.

A program, because the real reporters patch Flask, logging and threads for good.
"""

import json
import logging
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import elasticapm
import sentry_sdk
from elasticapm.conf.constants import ERROR
from elasticapm.contrib.flask import ElasticAPM
from elasticapm.handlers.logging import LoggingHandler
from flask import Flask
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport as SentryTransport
from werkzeug.local import LocalProxy

import flask_feedbackchimp
from flask_feedbackchimp import tokens
from support.apps import SECRET, User, make_app
from support.failures import FAILURES, FORMS, Failure
from support.sampling import THOROUGH

PACKAGE = Path(flask_feedbackchimp.__file__).parent


def is_ours(filename: str) -> bool:
    """Whether code is the package's; a template's is Jinja's, and knows the config."""
    return Path(filename).is_relative_to(PACKAGE) and filename.endswith(".py")


class Reporter:
    """Keeps what it sees in frames of ours, as text."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        #: Functions of ours whose frames were seen.
        self.functions: list[str] = []

    def watch(self, app: Flask) -> None:
        """Report what an app raises by itself."""

    def report(self, error: BaseException) -> None:
        """Report an error, with those behind it."""

    def report_line(self, record: logging.LogRecord) -> None:
        """Report a log line."""

    def keep(self, event: Any) -> None:
        """Keep an event, without the frames that are not ours."""
        if isinstance(event, Mapping):
            if "abs_path" in event:  # a frame
                if not is_ours(str(event["abs_path"])):
                    return
                self.functions.append(str(event["function"]))
            for key, value in event.items():
                self.texts.append(str(key))
                self.keep(value)
        elif isinstance(event, list | tuple):
            for value in event:
                self.keep(value)
        else:
            self.texts.append(str(event))


class Sentry(Reporter):
    """``sentry_sdk`` with its defaults, and a transport that keeps what it is given.

    It patches ``logging`` by itself.
    """

    def __init__(self) -> None:
        super().__init__()
        reporter = self

        class Transport(SentryTransport):
            def capture_envelope(self, envelope: Any) -> None:
                for item in envelope.items:
                    reporter.keep(item.payload.json)

        # From version 3 on, a logged error is no event by default.
        logged = LoggingIntegration(event_level=logging.ERROR)
        sentry_sdk.init(
            "https://key@sentry.example/1", transport=Transport, integrations=[logged]
        )

    def report(self, error: BaseException) -> None:
        sentry_sdk.capture_exception(error)


class Elastic(Reporter):
    """Elastic's agent with its defaults, and a client that keeps what it is told.

    What it would still take out by its name is kept: a name is no protection.
    """

    def __init__(self) -> None:
        super().__init__()
        reporter = self

        class Client(elasticapm.Client):
            def start_threads(self) -> None:
                """Send nothing."""

            def queue(self, event_type: str, data: Any, flush: bool = False) -> None:
                # A trace has the answer's headers, where a token must be.
                if event_type == ERROR:
                    reporter.keep(data)

        self._client = Client(service_name="shop")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._handler = LoggingHandler(self._client)

    def watch(self, app: Flask) -> None:
        ElasticAPM(app, client=self._client)

    def report(self, error: BaseException) -> None:
        exc_info = (type(error), error, error.__traceback__)
        self._client.capture_exception(exc_info=exc_info)

    def report_line(self, record: logging.LogRecord) -> None:
        self._handler.emit(record)


class Walk(Reporter):
    """Looks into every local of a frame, by any means but closures."""

    def report(self, error: BaseException) -> None:
        self.texts += [str(error), repr(error), repr(error.args), repr(vars(error))]
        self._look(traceback.walk_tb(error.__traceback__))
        for behind in (error.__cause__, error.__context__):
            if behind is not None:
                self.report(behind)

    def report_line(self, record: logging.LogRecord) -> None:
        self.texts += [record.getMessage(), repr(record.args)]
        if record.exc_info and record.exc_info[1]:
            self.report(record.exc_info[1])
        self._look(traceback.walk_stack(sys._getframe()))

    def _look(self, frames: Iterable[tuple[FrameType, int]]) -> None:
        for frame, _ in frames:
            if is_ours(frame.f_code.co_filename):
                self.functions.append(frame.f_code.co_name)
                self.texts += walk(dict(frame.f_locals))


def walk(value: object, depth: int = 6) -> Iterator[str]:
    """Every text that a value, and what it is made of, can be turned into.

    The Flask app is left out: its configuration has the secret, as it must.

    :param depth: further in, a request's environment leads to everything there is.
    """
    known: dict[int, object] = {}  # what is kept in it keeps its id
    things = [value]
    for _ in range(depth):
        parts: list[object] = []
        for thing in things:
            if id(thing) in known or isinstance(thing, Flask | LocalProxy | type):
                continue
            known[id(thing)] = thing
            yield f"{thing!r}\n{thing!s}"
            parts += parts_of(thing)
        things = parts


def parts_of(thing: Any) -> Iterator[object]:
    """What a value is made of: its items, attributes and slots."""
    if isinstance(thing, str | bytes):
        return
    if isinstance(thing, Mapping):
        yield from thing.keys()
        yield from thing.values()
    elif isinstance(thing, Collection):
        yield from thing
    # A dataclass has its fields in one of these, too.
    yield from getattr(thing, "__dict__", {}).values()
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            yield getattr(thing, name, None)


class Watch(logging.Handler):
    """Lets things fail, and tells every reporter of each error and log line."""

    def __init__(self) -> None:
        super().__init__()
        self.reporters: dict[str, Reporter] = {
            "sentry": Sentry(),
            "elastic": Elastic(),
            "walk": Walk(),
        }
        #: What was signed.
        self.tokens: list[str] = []
        self._sign = tokens.sign
        tokens.sign = self.sign
        logger = logging.getLogger("flask_feedbackchimp")
        logger.addHandler(self)
        logger.setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        for reporter in self.reporters.values():
            reporter.report_line(record)

    def sign(self, *args: Any, **kwargs: Any) -> Any:
        """Sign a token, and remember it."""
        token = self._sign(*args, **kwargs)
        self.tokens.append(token.between())
        return token

    def fail(self, failure: Failure, app: Flask) -> None:
        """Let something fail, and report it."""
        self.tokens.clear()
        for reporter in self.reporters.values():
            reporter.texts.clear()
            reporter.functions.clear()
            reporter.watch(app)
        try:
            failure(app)
        except Exception as error:
            for reporter in self.reporters.values():
                reporter.report(error)

    def found(self, reporter: Reporter) -> list[str]:
        """What a reporter found of the secret and the tokens, and what stands before.

        A few characters of the secret in a row count as the secret.
        """
        wanted = {SECRET[start:][:12]: "secret" for start in range(len(SECRET) - 11)}
        for token in self.tokens:
            wanted[token.rpartition(".")[2]] = "signature"
        text = "\n".join(reporter.texts)
        for token in re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]{43}", text):
            wanted[token] = "token"
        return [
            f"{kind}, behind {text.partition(part)[0][-80:]!r}"
            for part, kind in wanted.items()
            if part in text
        ]


# The control: a frame of ours with the secret lying open, in several wrappings.

LEAK = """
def leak(parcel):
    try:
        parcel / 0
    except TypeError as error:
        raise LookupError("behind this one is another") from error
"""


class MaskedRecord(NamedTuple):
    value: str

    def __repr__(self) -> str:
        return "<masked>"


class MaskedObject:
    def __init__(self, value: str) -> None:
        self.value = value


class MaskedSlot(MaskedObject):
    __slots__ = ("value",)


WRAPPINGS: dict[str, Callable[[str], object]] = {
    "text": str,
    "bytes": str.encode,
    "list": lambda text: [text],
    "mapping": lambda text: {"a": text},
    "masked record": MaskedRecord,
    "masked slot": MaskedSlot,
    "masked object": MaskedObject,
}


def leak_in(wrap: Callable[[str], object]) -> Failure:
    """A failure beside the secret and a signature."""
    namespace: dict[str, Any] = {}
    exec(compile(LEAK, str(PACKAGE / "leak.py"), "exec"), namespace)

    def failure(app: Flask) -> None:
        with app.app_context():
            token = app.feedbackchimp.create_token(User())
        namespace["leak"](wrap(f"{SECRET} {token.rpartition('.')[2]}"))

    return failure


def run_control(watch: Watch) -> dict[str, list[str]]:
    """The wrappings in which each reporter found both."""
    control: dict[str, list[str]] = {name: [] for name in watch.reporters}
    for wrapping, wrap in WRAPPINGS.items():
        watch.fail(leak_in(wrap), make_app())
        for name, reporter in watch.reporters.items():
            kinds = {found.partition(",")[0] for found in watch.found(reporter)}
            if {"secret", "signature"} <= kinds:
                control[name].append(wrapping)
    return control


def run_failures(watch: Watch) -> dict[str, list[Any]]:
    """Let everything fail, in one form of the return URL unless all is tried."""
    cases: dict[str, list[Any]] = {name: [] for name in FAILURES}
    for turn, (name, failure) in enumerate(FAILURES.items()):
        for place, return_url in enumerate(FORMS.values()):
            if not THOROUGH and turn % len(FORMS) != place:
                continue
            watch.fail(failure, make_app(FEEDBACKCHIMP_RETURN_URL=return_url))
            case: dict[str, Any] = {"signed": len(watch.tokens)}
            for reporter_name, reporter in watch.reporters.items():
                case[reporter_name] = {
                    "found": watch.found(reporter),
                    "functions": reporter.functions[:],
                }
            cases[name].append(case)
    return cases


if __name__ == "__main__":
    watch = Watch()
    print(json.dumps({"cases": run_failures(watch), "control": run_control(watch)}))

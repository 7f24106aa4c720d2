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
from support.failures import FAILURES, FORMS, Step
from support.sampling import THOROUGH

_sign = tokens.sign
PACKAGE = Path(flask_feedbackchimp.__file__).parent

# How deep is looked; further in, a request's environment leads to everything there is.
_LEVELS = 6
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]{43}")


def is_ours(filename: str) -> bool:
    """Whether code is the package's; a template's is Jinja's, and knows the config."""
    return Path(filename).is_relative_to(PACKAGE) and filename.endswith(".py")


class Reporter:
    """Collects what it is told about frames of ours, as text."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        #: Functions of ours whose frames were seen.
        self.seen: list[str] = []

    def watch(self, app: Flask) -> None:
        """Report what an app raises by itself."""

    def error(self, error: BaseException | None) -> None:
        """Report an error, with those behind it."""
        if error is not None:
            self.texts += (f"{error} {error!r}", f"{error.args} {vars(error)}")
            self.frames(traceback.walk_tb(error.__traceback__))
            for behind in {error.__cause__, error.__context__}:
                self.error(behind)

    def frames(self, frames: Iterable[tuple[FrameType, int]]) -> None:
        """Report frames, each with its line."""

    def line(self, record: logging.LogRecord, frame: FrameType | None) -> None:
        """Report a log line, which has an error or comes from a frame."""
        self.texts += (record.getMessage(), repr(record.args))
        self.error(record.exc_info and record.exc_info[1])
        self.frames(traceback.walk_stack(frame))


class Stdlib(Reporter):
    """``traceback``, told to capture locals."""

    def frames(self, frames: Iterable[tuple[FrameType, int]]) -> None:
        for frame in traceback.StackSummary.extract(frames, capture_locals=True):
            if is_ours(frame.filename):
                self.seen.append(frame.name)
                self.texts += (frame.locals or {}).values()


class Walk(Reporter):
    """Looks into every local of a frame, by any means but closures."""

    def frames(self, frames: Iterable[tuple[FrameType, int]]) -> None:
        for frame, _ in frames:
            if is_ours(frame.f_code.co_filename):
                self.seen.append(frame.f_code.co_name)
                self.texts += walked(dict(frame.f_locals))


def walked(value: Any) -> Iterator[str]:
    """Every text that a value, and what it is made of, can be turned into.

    The Flask app is left out: its configuration has the secret, as it must.
    """
    known: dict[int, object] = {}  # what is kept in it keeps its id
    things = [value]
    for _ in range(_LEVELS):
        parts: list[object] = []
        for thing in things:
            if id(thing) in known or isinstance(thing, Flask | LocalProxy | type):
                continue
            known[id(thing)] = thing
            yield f"{thing!r}\n{thing!s}"
            if not isinstance(thing, str | bytes):
                parts += _parts(thing)
        things = parts


def _parts(thing: Any) -> Iterator[object]:
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


class Sentry(Reporter):
    """``sentry_sdk`` with its defaults, and a transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()

        class Kept(SentryTransport):
            def capture_envelope(_, envelope: Any) -> None:
                for item in envelope.items:
                    self.texts.append(_shown(item.payload.json, self.seen))

        # From version 3 on, a logged error is no event by default.
        logged = LoggingIntegration(event_level=logging.ERROR)
        sentry_sdk.init(
            "https://key@sentry.example/1", transport=Kept, integrations=[logged]
        )

    def error(self, error: BaseException | None) -> None:
        sentry_sdk.capture_exception(error)

    def line(self, record: logging.LogRecord, frame: FrameType | None) -> None:
        """It has patched ``logging``."""


class Elastic(Reporter):
    """Elastic's agent with its defaults, and a client that keeps what it is told.

    What it would still take out by its name is kept: a name is no protection.
    """

    def __init__(self) -> None:
        super().__init__()

        class Kept(elasticapm.Client):
            def start_threads(_) -> None:
                """Send nothing."""

            def queue(_, event_type: str, data: Any, flush: bool = False) -> None:
                # A trace has the answer's headers, where a token must be.
                if event_type == ERROR:
                    self.texts.append(_shown(data, self.seen))

        self._client = Kept(service_name="shop")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._handler = LoggingHandler(self._client)

    def watch(self, app: Flask) -> None:
        ElasticAPM(app, client=self._client)

    def error(self, error: Any) -> None:
        exc_info = (type(error), error, error.__traceback__)
        self._client.capture_exception(exc_info=exc_info)

    def line(self, record: logging.LogRecord, frame: FrameType | None) -> None:
        self._handler.emit(record)


def _shown(event: Any, seen: list[str]) -> str:
    """An event as text, without the frames that are not ours."""
    if isinstance(event, Mapping):
        if "abs_path" in event:
            if not is_ours(str(event["abs_path"])):
                return ""
            seen.append(str(event["function"]))
        pairs = event.items()
        return "\n".join(f"{key}: {_shown(value, seen)}" for key, value in pairs)
    if isinstance(event, list | tuple):
        return "\n".join(_shown(value, seen) for value in event)
    return f"{event}"


# The control: a frame of ours with the secret lying open, in several wrappings.

_LEAK = """
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


class Watch(logging.Handler):
    """Lets things fail, and tells every reporter of each error and log line."""

    def __init__(self) -> None:
        super().__init__()
        kinds = {"sentry": Sentry, "elastic": Elastic, "stdlib": Stdlib, "walk": Walk}
        self.reporters: dict[str, Reporter] = {name: kinds[name]() for name in kinds}
        self.tokens: list[str] = []
        tokens.sign = self.sign
        logger = logging.getLogger("flask_feedbackchimp")
        logger.addHandler(self)
        logger.setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        frame: FrameType | None = sys._getframe()
        while frame and frame.f_code.co_filename in (__file__, logging.__file__):
            frame = frame.f_back
        for reporter in self.reporters.values():
            reporter.line(record, frame)

    def sign(self, *args: Any, **kwargs: Any) -> Any:
        """Sign a token, and keep it."""
        token = _sign(*args, **kwargs)
        self.tokens.append(token.between())
        return token

    def fail(self, steps: Iterable[Step], app: Flask) -> None:
        """Let something fail, and report it."""
        for reporter in self.reporters.values():
            reporter.watch(app)
            reporter.texts.clear()
            reporter.seen.clear()
        self.tokens.clear()
        try:
            for step in steps:
                step(app)
        except Exception as error:
            for reporter in self.reporters.values():
                reporter.error(error)

    def found(self) -> dict[str, list[str]]:
        """What each reporter found, with what stands before it."""
        parts = {SECRET[start:][:12]: "secret" for start in range(len(SECRET) - 11)}
        parts |= {token.rpartition(".")[2]: "signature" for token in self.tokens}
        found: dict[str, list[str]] = {}
        for name, reporter in self.reporters.items():
            text = "\n".join(reporter.texts)
            wanted = parts | dict.fromkeys(_JWT.findall(text), "token")
            found[name] = [
                f"{thing}, behind {text.partition(part)[0][-80:]!r}"
                for part, thing in wanted.items()
                if part in text
            ]
        return found


def leak_in(wrap: Callable[[str], object]) -> Step:
    """A step that fails beside the secret and a signature."""
    namespace: dict[str, Any] = {}
    exec(compile(_LEAK, str(PACKAGE / "leak.py"), "exec"), namespace)

    def step(app: Flask) -> None:
        with app.app_context():
            token = app.feedbackchimp.create_token(User())
        namespace["leak"](wrap(f"{SECRET} {token.rpartition('.')[2]}"))

    return step


def run() -> dict[str, Any]:
    """Let everything fail, in one form of the return URL unless all is tried.

    As ``control``: the wrappings in which each reporter found the secret and a token.
    """
    watch = Watch()
    cases: dict[str, list[Any]] = {failure: [] for failure in FAILURES}
    for turn, (failure, steps) in enumerate(FAILURES.items()):
        for place, return_url in enumerate(FORMS.values()):
            if THOROUGH or (turn - place) % len(FORMS) == 0:
                watch.fail(steps, make_app(FEEDBACKCHIMP_RETURN_URL=return_url))
                seen = {name: each.seen[:] for name, each in watch.reporters.items()}
                case = {"found": watch.found(), "seen": seen, "tokens": watch.tokens[:]}
                cases[failure].append(case)
    control: dict[str, list[str]] = {name: [] for name in watch.reporters}
    for wrapping, wrap in WRAPPINGS.items():
        watch.fail([leak_in(wrap)], make_app())
        for name, found in watch.found().items():
            if {"secret", "signature"} <= {said.partition(",")[0] for said in found}:
                control[name].append(wrapping)
    return {"cases": cases, "control": control}


if __name__ == "__main__":
    print(json.dumps(run()))

"""What error reporters see of our frames, whatever fails; run as a program.

Two are real and have their defaults, one is the standard library's, and one of our own
looks everywhere. They run in their own process, because the real ones patch Flask,
logging and threads for good. The program prints what :func:`run` returns as JSON.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import elasticapm
import sentry_sdk
from elasticapm.conf.constants import ERROR
from elasticapm.contrib.flask import ElasticAPM
from elasticapm.handlers.logging import LoggingHandler
from elasticapm.transport.base import Transport as ElasticTransport
from flask import Flask
from sentry_sdk.transport import Transport as SentryTransport
from werkzeug.local import LocalProxy

import flask_feedbackchimp
from flask_feedbackchimp import tokens
from support.apps import SECRET, User, make_app
from support.failures import FAILURES, FORMS
from support.sampling import THOROUGH

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
        """Report what an app raises on its own."""

    def error(self, error: BaseException) -> None:
        """Report an error, with those behind it."""
        raise NotImplementedError

    def line(self, record: logging.LogRecord, frame: FrameType) -> None:
        """Report a log line, which has an error or comes from a frame."""


class StandardLibrary(Reporter):
    """``traceback.TracebackException(capture_locals=True)``."""

    def error(self, error: BaseException) -> None:
        said: traceback.TracebackException | None
        said = traceback.TracebackException.from_exception(error, capture_locals=True)
        self._tell(said)

    def _tell(self, said: traceback.TracebackException | None) -> None:
        if said is not None:
            self.texts += said.format_exception_only()
            self._frames(said.stack)
            self._tell(said.__cause__)
            self._tell(said.__context__)

    def line(self, record: logging.LogRecord, frame: FrameType) -> None:
        self.texts.append(record.getMessage())
        if record.exc_info and record.exc_info[1]:
            self.error(record.exc_info[1])
        stack = traceback.walk_stack(frame)
        self._frames(traceback.StackSummary.extract(stack, capture_locals=True))

    def _frames(self, frames: Iterable[traceback.FrameSummary]) -> None:
        for frame in frames:
            if is_ours(frame.filename):
                self.seen.append(frame.name)
                self.texts += (frame.locals or {}).values()


class Walk(Reporter):
    """Looks into every local of a frame, by any means but closures."""

    def error(self, error: BaseException) -> None:
        links: list[BaseException | None] = [error]
        known: set[int] = set()
        while links:
            link = links.pop()
            if link is None or id(link) in known:
                continue
            known.add(id(link))
            self.texts += (str(link), repr(link), repr(link.args), repr(vars(link)))
            self._frames(frame for frame, _ in traceback.walk_tb(link.__traceback__))
            links += (link.__cause__, link.__context__)

    def line(self, record: logging.LogRecord, frame: FrameType) -> None:
        self.texts += (record.getMessage(), repr(record.args))
        if record.exc_info and record.exc_info[1]:
            self.error(record.exc_info[1])
        self._frames(frame for frame, _ in traceback.walk_stack(frame))

    def _frames(self, frames: Iterable[FrameType]) -> None:
        for frame in frames:
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
        tell = self._tell

        class Kept(SentryTransport):
            def capture_envelope(self, envelope: Any) -> None:
                tell(envelope.items)

        sentry_sdk.init("https://key@sentry.example/1", transport=Kept)

    def _tell(self, items: Iterable[Any]) -> None:
        for item in items:
            self.texts.append(_shown(item.payload.json, self.seen))

    def error(self, error: BaseException) -> None:
        sentry_sdk.capture_exception(error)


class Elastic(Reporter):
    """Elastic's agent with its defaults, and a transport that keeps what it is given.

    What it would still take out by its name is kept: a name is no protection.
    """

    def __init__(self) -> None:
        super().__init__()
        _KeptByElastic.tell = self._tell
        name = f"{__name__}.{_KeptByElastic.__name__}"
        self._client = elasticapm.Client(service_name="shop", transport_class=name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._handler = LoggingHandler(self._client)

    def watch(self, app: Flask) -> None:
        ElasticAPM(app, client=self._client)

    def _tell(self, event: Any) -> None:
        self.texts.append(_shown(event, self.seen))

    def error(self, error: BaseException) -> None:
        exc_info = (type(error), error, error.__traceback__)
        self._client.capture_exception(exc_info=exc_info)

    def line(self, record: logging.LogRecord, frame: FrameType) -> None:
        self._handler.emit(record)


class _KeptByElastic(ElasticTransport):
    tell: Callable[[Any], None]

    def queue(self, event_type: str, data: Any, flush: bool = False) -> None:
        if (
            event_type == ERROR
        ):  # a trace has the answer's headers, where a token must be
            self.tell(data)

    def start_thread(self, pid: int | None = None) -> None:
        """Send nothing."""

    def get_config(self, *_: object, **__: object) -> tuple[None, None, int]:
        """There is no server to ask."""
        return None, None, 3600


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


class _Lines(logging.Handler):
    """Tells every reporter of every line."""

    def __init__(self, reporters: Iterable[Reporter]) -> None:
        super().__init__()
        self._reporters = reporters

    def emit(self, record: logging.LogRecord) -> None:
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code.co_filename == logging.__file__:
            frame = frame.f_back
        assert frame is not None
        for reporter in self._reporters:
            reporter.line(record, frame)


# The control: a frame of ours with the secret lying open, in several wrappings.

_LEAK = """
def leak(parcel):
    try:
        parcel / 0
    except TypeError as error:
        raise LookupError("behind this one is another") from error
"""


class MaskedRecord(NamedTuple):
    """A sequence that does not show what it holds."""

    value: str

    def __repr__(self) -> str:
        return "<masked>"


class MaskedSlot:
    """An object with a slot."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value


class MaskedObject:
    """An object with a ``__dict__``."""

    def __init__(self, value: str) -> None:
        self.value = value


WRAPPINGS: dict[str, Callable[[str], object]] = {
    "text": str,
    "bytes": str.encode,
    "list": lambda text: [text],
    "mapping": lambda text: {"a": text},
    "masked record": MaskedRecord,
    "masked slot": MaskedSlot,
    "masked object": MaskedObject,
}


class Watch:
    """Lets things fail, with every reporter looking on."""

    def __init__(self) -> None:
        self.reporters: dict[str, Reporter] = {
            "sentry": Sentry(),
            "elastic": Elastic(),
            "stdlib": StandardLibrary(),
            "walk": Walk(),
        }
        self.tokens: list[str] = []
        logger = logging.getLogger("flask_feedbackchimp")
        logger.addHandler(_Lines(self.reporters.values()))
        logger.setLevel(logging.DEBUG)

    def fail(self, failure: Callable[[Flask], object], app: Flask) -> None:
        """Let something fail, and report it."""
        for reporter in self.reporters.values():
            reporter.watch(app)
            reporter.texts.clear()
            reporter.seen.clear()
        self.tokens.clear()
        sys.setprofile(self._note_token)
        try:
            failure(app)
        except Exception as error:
            sys.setprofile(None)
            for reporter in self.reporters.values():
                reporter.error(error)
        finally:
            sys.setprofile(None)

    def _note_token(self, frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and frame.f_code is tokens.sign.__code__:
            self.tokens.append(value.between())

    def found(self) -> dict[str, list[str]]:
        """What each reporter found, with what stands before it."""
        wanted = {
            "secret": [SECRET[start : start + 12] for start in range(len(SECRET) - 11)],
            "signature": [token.rpartition(".")[2] for token in self.tokens],
        }
        found: dict[str, list[str]] = {}
        for name, reporter in self.reporters.items():
            text = "\n".join(reporter.texts)
            found[name] = [
                f"{thing}, behind {text.partition(part)[0][-80:]!r}"
                for thing, parts in (wanted | {"token": _JWT.findall(text)}).items()
                for part in [part for part in parts if part in text][:1]
            ]
        return found


def _leak_in(wrap: Callable[[str], object], app: Flask) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(_LEAK, str(PACKAGE / "leak.py"), "exec"), namespace)
    with app.app_context():
        token = app.feedbackchimp.create_token(User())
    namespace["leak"](wrap(f"{SECRET} {token.rpartition('.')[2]}"))


def run() -> dict[str, Any]:
    """Let everything fail, and the control.

    :return: by the way to fail and the form of the return URL, of which each way has
        one unless all is tried: what was ``found`` by each reporter; the functions of
        ours whose frames were ``seen`` by each; how many ``tokens`` were made. As
        ``control`` the wrappings in which each found the secret and a signature.
    """
    watch, cases = Watch(), {}
    for turn, (failure, fail) in enumerate(FAILURES.items()):
        for place, (form, return_url) in enumerate(FORMS.items()):
            if THOROUGH or (turn - place) % len(FORMS) == 0:
                watch.fail(fail, make_app(FEEDBACKCHIMP_RETURN_URL=return_url))
                reporters = watch.reporters.items()
                cases[f"{failure}, {form}"] = {
                    "found": watch.found(),
                    "seen": {name: len(reporter.seen) for name, reporter in reporters},
                    "tokens": len(watch.tokens),
                }
    control: dict[str, list[str]] = {name: [] for name in watch.reporters}
    for wrapping, wrap in WRAPPINGS.items():
        watch.fail(partial(_leak_in, wrap), make_app())
        for name, found in watch.found().items():
            if {"secret", "signature"} <= {said.partition(",")[0] for said in found}:
                control[name].append(wrapping)
    return {"cases": cases, "control": control}


if __name__ == "__main__":
    print(json.dumps(run()))

"""What can go wrong, as exceptions; knows nothing of the rest of the package.

::

    FeedbackChimpError
    ├── ConfigError           .problems         raised by ``init_app``
    ├── NotInitializedError                     an ``init_app`` is missing
    ├── TokenError            .reason           a token cannot be made or read
    └── SignInRefused         .reason .status   this visitor gets no token

None of them ever carries the secret or a token.
"""

from __future__ import annotations

from collections.abc import Sequence

from click import ClickException


class FeedbackChimpError(Exception):
    """The base of every error this package raises on purpose."""


class ConfigError(FeedbackChimpError, ClickException):
    """The ``FEEDBACKCHIMP_*`` settings of an app are not usable.

    It is a :class:`click.ClickException` as well, so that ``flask feedbackchimp
    check`` (any ``flask`` command) prints the list and exits with status 1 where
    the app does not even load, instead of a traceback.

    :param message: what is wrong, for people: one line for each problem.
    :param problems: each problem alone: the key, what is wrong and the remedy.
    """

    def __init__(self, message: str, *, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: Every problem found, each naming its key and the remedy.
        self.problems: tuple[str, ...] = tuple(problems)


class NotInitializedError(FeedbackChimpError):
    """An ``init_app`` is missing: ours, or that of Flask-Login."""


class TokenError(FeedbackChimpError):
    """A token cannot be made or read; the text names the claim and the remedy.

    :param message: what is wrong, for the developer.
    :param reason: a stable code, one of those the documentation lists.
    """

    def __init__(self, message: str, *, reason: str = "malformed") -> None:
        super().__init__(message)
        #: A stable code such as ``"expired"``.
        self.reason = reason


class SignInRefused(FeedbackChimpError):
    """This visitor gets no token; the text is what the visitor is told.

    An identity loader may raise it with a sentence of its own.

    :param message: told to the visitor, so: plain words, and a way out.
    :param reason: a stable code for logs, signals and tests.
    :param status: the HTTP status of the answer, 4xx.
    """

    def __init__(
        self, message: str, *, reason: str = "refused", status: int = 403
    ) -> None:
        super().__init__(message)
        #: What the visitor is told.
        self.message = message
        #: A stable code such as ``"page_foreign"``.
        self.reason = reason
        #: The HTTP status of the answer.
        self.status = status

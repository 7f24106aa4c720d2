"""What can go wrong: the exceptions, and what a refused visitor is told.

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
    """An app cannot be set up: its ``FEEDBACKCHIMP_*`` settings, or what else it has.

    It is a :class:`click.ClickException` as well, so that ``flask feedbackchimp
    check`` (any ``flask`` command) prints the list and exits with status 1 where
    the app does not even load, instead of a traceback.

    :param message: what is wrong, for people: one line for each problem.
    :param problems: each problem separately: the key, what is wrong and the remedy.
    """

    def __init__(self, message: str, *, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: Every problem found, each naming its key and the remedy.
        self.problems: tuple[str, ...] = tuple(problems)


class NotInitializedError(FeedbackChimpError):
    """An ``init_app`` is missing: ours, or that of Flask-Login."""


class TokenError(FeedbackChimpError):
    """A token cannot be made or read; the text says what is wrong.

    :param message: what is wrong, for the developer.
    :param reason: a stable code, one of those the documentation lists.
    """

    def __init__(self, message: str, *, reason: str = "malformed") -> None:
        super().__init__(message)
        #: A stable code such as ``"expired"``.
        self.reason = reason


class SignInRefused(FeedbackChimpError):
    """This visitor gets no token; the text is what the visitor is told.

    An identity loader may raise it with a sentence for the visitor.

    :param message: shown to the visitor: plain words, and what to do next.
    :param reason: a stable code for logs, signals and tests.
    :param status: the HTTP status of the answer, 4xx.
    :raises ValueError: the status is not 4xx.
    """

    def __init__(
        self, message: str, *, reason: str = "refused", status: int = 403
    ) -> None:
        if not 400 <= status <= 499:
            raise ValueError(
                f"The status of a SignInRefused must be 4xx, not {status}: 403 unless "
                "another says it better."
            )
        super().__init__(message)
        #: What the visitor is told.
        self.message = message
        #: A stable code such as ``"page_foreign"``.
        self.reason = reason
        #: The HTTP status of the answer.
        self.status = status
        #: For the operator's log, where the configuration is probably wrong: what to
        #: compare or to set. Never shown to the visitor.
        self.log_hint: str = ""


#: Every reason for which this package refuses a visitor, with the HTTP status and the
#: sentence for the visitor. Codes are stable; the sentences may be improved, and an app
#: replaces them in ``feedbackchimp/message.txt``. ``refused`` is the code of a
#: :class:`SignInRefused` raised without one.
REFUSALS: dict[str, tuple[int, str]] = {
    "page_foreign": (
        400,
        "The link you followed does not lead to a page of our feedback board, "
        "so we did not sign you in there.",
    ),
    "page_unreadable": (
        400,
        "The link you followed has characters that do not belong in a link, so we did "
        "not sign you in there.",
    ),
    "page_repeated": (
        400,
        "The link you followed names more than one page, so we did not guess "
        "which one is meant.",
    ),
    "page_too_long": (
        400,
        "The link you followed is too long for us to pass on safely.",
    ),
    "parameter_repeated": (
        400,
        "This link is malformed: a parameter appears twice.",
    ),
    "host_unreadable": (
        400,
        "The address that your browser asked for cannot be read.",
    ),
    "not_signed_in": (
        401,
        "Please log in first. Then you can go on to the feedback board.",
    ),
    "inactive": (
        403,
        "Your account is not active, so you cannot use it on the feedback board.",
    ),
    "identity_refused": (
        403,
        "Your account may not be used on the feedback board yet.",
    ),
    "admin": (
        403,
        "You administer FeedbackChimp, and we cannot sign administrators in from "
        "here. Please sign in to FeedbackChimp by hand, with your password there.",
    ),
    "email_unusable": (
        403,
        "The feedback board needs an e-mail address, and we have none for you that "
        "it accepts. If your profile has a field for one, correct it there; if not, "
        "please tell us.",
    ),
    "name_unusable": (
        403,
        "The feedback board shows a name, and we have none for you that it can show. "
        "If your profile has a field for one, fill it in; if not, please tell us.",
    ),
    "claims_unusable": (
        403,
        "We could not prepare your sign-in to the feedback board. That is our fault.",
    ),
    "token_too_long": (
        403,
        "Your account carries more details than fit into a sign-in to the "
        "feedback board.",
    ),
    "prefetch": (403, "Sign-ins are not prefetched. Please follow the link."),
    "not_a_navigation": (
        403,
        "A sign-in is a page to visit, not one to fetch. Please follow the link.",
    ),
    "disabled": (
        404,
        "Signing in to the feedback board is switched off here, and the address of the "
        "board is not known.",
    ),
}


def refusal(reason: str, *, log_hint: str = "") -> SignInRefused:
    """The exception for one of the reasons in :data:`REFUSALS`.

    :param log_hint: what the operator should look at, where the configuration is
        probably wrong. No value of a request belongs in it.
    """
    status, message = REFUSALS[reason]
    exception = SignInRefused(message, reason=reason, status=status)
    exception.log_hint = log_hint
    return exception

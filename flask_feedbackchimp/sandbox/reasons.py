"""Why an arrival is refused, by reason code: the status and the developer's remedy."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import FeedbackChimpError


class Reason(NamedTuple):
    """The HTTP status of a refusal and what the developer can do about it."""

    status: int
    remedy: str


#: Every reason the stand-in refuses for. Codes are stable; the sentences may be
#: improved.
REASONS: dict[str, Reason] = {
    "bad_signature": Reason(
        403,
        "Compare the app's FEEDBACKCHIMP_JWT_SECRET with the secret this stand-in was "
        "started with: they must be the same text. “flask feedbackchimp check” prints "
        "the length and a fingerprint of the app's.",
    ),
    "wrong_algorithm": Reason(403, "Sign only with HS256; the extension always does."),
    "malformed": Reason(
        400,
        "A token is three parts of letters, digits, hyphens and underscores with dots "
        "between them. Look for a proxy or a script that cuts or encodes the address, "
        "and compare FEEDBACKCHIMP_RETURN_URL on both sides.",
    ),
    "claim_missing": Reason(
        400, "Put the claims “email”, “name” and “jti” into every token."
    ),
    "claim_invalid": Reason(
        400,
        "“email” must be one plain address, “name” and “jti” text that is not blank, "
        "and times whole seconds since 1970.",
    ),
    "expired": Reason(
        403,
        "Sign a token per click and use it at once. If this one is fresh, compare the "
        "clocks, and look at FEEDBACKCHIMP_TOKEN_LIFETIME.",
    ),
    "not_yet_valid": Reason(403, "Compare the clocks, or leave the claim “nbf” out."),
    "jti_used": Reason(
        403,
        "Sign a token per click, each with a fresh “jti”. Going back in the browser or "
        "opening an address with a token a second time ends here, too: log in again.",
    ),
    "admin": Reason(
        403,
        "Somebody who administers FeedbackChimp signs in there by hand. List the "
        "address in the app's FEEDBACKCHIMP_ADMIN_EMAILS, so that the app says so "
        "itself.",
    ),
    "token_missing": Reason(
        400,
        "Send the token along. Compare the app's FEEDBACKCHIMP_RETURN_URL with the "
        "return_url of this stand-in.",
    ),
    "token_repeated": Reason(400, "Send one token, once."),
    "page_foreign": Reason(
        400,
        "Send an absolute address on this board's own origin. If it looks right, "
        "compare host and port: “localhost” and “127.0.0.1” are different origins.",
    ),
    "page_repeated": Reason(400, "Send one page, once."),
    "value_missing": Reason(
        400,
        "Compare the names in FEEDBACKCHIMP_RETURN_URL with what this board sends to "
        "the app. A link of the app's own cannot carry a value that only the board "
        "issues: link to the board's page instead, and let its “Log in” start.",
    ),
}


class ArrivalRefused(FeedbackChimpError):
    """Somebody arrived and is not signed in; the text says why.

    :param message: what is wrong, for the developer; never the token.
    :param reason: one of the codes in :data:`REASONS`.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        #: What is wrong, for the developer.
        self.message = message
        #: A stable code such as ``"jti_used"``.
        self.reason = reason
        status, remedy = REASONS[reason]
        #: The HTTP status of the answer.
        self.status: int = status
        #: What to do.
        self.remedy: str = remedy

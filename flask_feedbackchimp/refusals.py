"""What a refused visitor is told, by reason code; knows nothing of requests."""

from __future__ import annotations

from typing import NamedTuple

from .errors import SignInRefused


class Refusal(NamedTuple):
    """The HTTP status of a refusal and its sentence for the visitor."""

    status: int
    message: str


#: Every reason this package refuses for by itself. Codes are stable; the
#: sentences may be improved. ``refused`` is the code of a
#: :class:`~flask_feedbackchimp.SignInRefused` raised by an identity loader that
#: names no code of its own.
REFUSALS: dict[str, Refusal] = {
    "page_foreign": Refusal(
        400,
        "The link you followed does not lead to a page of our feedback board, "
        "so we did not sign you in there.",
    ),
    "page_repeated": Refusal(
        400,
        "The link you followed names more than one page, so we did not guess "
        "which one is meant.",
    ),
    "page_too_long": Refusal(
        400, "The link you followed is too long for us to pass on safely."
    ),
    "not_signed_in": Refusal(
        401, "Please log in first; then you can go on to the feedback board."
    ),
    "inactive": Refusal(
        403, "Your account is not active, so it cannot be used on the feedback board."
    ),
    "identity_refused": Refusal(
        403, "Your account may not be used on the feedback board yet."
    ),
    "admin": Refusal(
        403,
        "You administer FeedbackChimp, and administrators cannot be signed in "
        "from here. Please sign in there by hand, with your FeedbackChimp password.",
    ),
    "email_unusable": Refusal(
        403,
        "Your account has no e-mail address that the feedback board accepts. "
        "Please correct it in your profile.",
    ),
    "name_unusable": Refusal(
        403,
        "Your account has no name that can be shown on the feedback board. "
        "Please enter one in your profile.",
    ),
    "claims_unusable": Refusal(
        403,
        "We could not prepare your sign-in to the feedback board. The fault is ours.",
    ),
    "token_too_long": Refusal(
        403,
        "Your account carries more details than fit into a sign-in to the "
        "feedback board.",
    ),
    "prefetch": Refusal(403, "Sign-ins are not prefetched. Please follow the link."),
    "not_a_navigation": Refusal(
        403, "A sign-in is a page to visit, not one to fetch. Please follow the link."
    ),
}


def refuse(reason: str) -> SignInRefused:
    """The exception for one of the reasons in :data:`REFUSALS`."""
    status, message = REFUSALS[reason]
    return SignInRefused(message, reason=reason, status=status)

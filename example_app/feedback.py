"""What the feedback board is told about a person."""

from __future__ import annotations

from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused

from .models import User

feedbackchimp = FeedbackChimp()


@feedbackchimp.identity_loader
def board_identity(user: User) -> Identity:
    """The identity of somebody whose address is verified.

    The board knows people by their address. Vouching for one that nobody has verified
    would let anybody act there as somebody else, by registering with their address.
    """
    if not user.email_verified:
        raise SignInRefused(
            "Please verify your e-mail address first: until then nobody can tell that "
            f"{user.email} is yours, and on the board you would speak in its name.",
            reason="email_unverified",
        )
    return Identity(email=user.email, name=user.name)

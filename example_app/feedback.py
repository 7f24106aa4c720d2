"""The feedback board, and who its users are there."""

from __future__ import annotations

from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused

from .models import User

feedbackchimp = FeedbackChimp()


@feedbackchimp.identity_loader
def board_identity(user: User) -> Identity:
    """Vouch for users whose address is verified, and for nobody else.

    The board knows people by their address. Without this check anybody could register
    here with another person's address and write on the board as that person.
    """
    if not user.email_verified:
        raise SignInRefused(
            "Please verify your e-mail address first. Until then we cannot know that "
            f"{user.email} is yours.",
            reason="email_unverified",
        )
    return Identity(email=user.email, name=user.name)

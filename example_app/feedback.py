"""What the feedback board is told about a person."""

from __future__ import annotations

from flask_feedbackchimp import FeedbackChimp, Identity, SignInRefused

from .models import User

feedbackchimp = FeedbackChimp()


@feedbackchimp.identity_loader
def board_identity(user: User) -> Identity:
    """The identity of somebody whose address is verified.

    The board knows people by their address. Without this check anybody could register
    here with somebody else's address, and then write on the board as that person.
    """
    if not user.email_verified:
        raise SignInRefused(
            "Please verify your e-mail address first. Until then we cannot know that "
            f"{user.email} is yours.",
            reason="email_unverified",
        )
    return Identity(email=user.email, name=user.name)

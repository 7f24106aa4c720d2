"""Sign the users of a Flask app in to its FeedbackChimp board.

What ``__all__`` names is the public interface; everything else may change.
"""

from .audit import sign_in_refused, token_issued
from .errors import (
    ConfigError,
    FeedbackChimpError,
    NotInitializedError,
    SignInRefused,
    TokenError,
)
from .extension import FeedbackChimp
from .identity import Identity
from .templating import feedbackchimp_link, feedbackchimp_url

__all__ = [
    "ConfigError",
    "FeedbackChimp",
    "FeedbackChimpError",
    "Identity",
    "NotInitializedError",
    "SignInRefused",
    "TokenError",
    "feedbackchimp_link",
    "feedbackchimp_url",
    "sign_in_refused",
    "token_issued",
]

"""Sign the users of a Flask app in to its FeedbackChimp board.

What ``__all__`` names is the public interface; everything else may change.
"""

from .errors import (
    ConfigError,
    FeedbackChimpError,
    NotInitializedError,
    SignInRefused,
    TokenError,
)
from .extension import FeedbackChimp
from .identity import Identity
from .links import feedbackchimp_link, feedbackchimp_url
from .signals import sign_in_refused, token_issued

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


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # costly, and seldom asked for

        return version("flask-feedbackchimp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

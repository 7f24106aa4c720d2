"""Why a visitor is not signed in, by reason code: the status and the remedy."""

from __future__ import annotations

#: Every reason for which a sandbox refuses, with the HTTP status and what the
#: developer can do. Codes are stable; the sentences may be improved.
REASONS: dict[str, tuple[int, str]] = {
    "bad_signature": (
        403,
        "Compare the app's FEEDBACKCHIMP_JWT_SECRET with the secret this sandbox was "
        "started with: they must be the same text. “flask feedbackchimp check” prints "
        "the length and a fingerprint of the app's.",
    ),
    "wrong_algorithm": (403, "Sign only with HS256; the extension always does."),
    "malformed": (
        400,
        "A token is three parts of letters, digits, hyphens and underscores with dots "
        "between them, and its numbers are finite. Look for a proxy or a script that "
        "cuts or encodes the URL, and compare FEEDBACKCHIMP_RETURN_URL on both sides.",
    ),
    "claim_missing": (
        400,
        "Put the claims “email”, “name” and “jti” into every token.",
    ),
    "claim_invalid": (
        400,
        "“email” must be one plain address, “name” and “jti” text that is not blank, "
        "and times whole seconds since 1970.",
    ),
    "expired": (
        403,
        "Sign a token per click and use it at once. If this one is fresh, compare the "
        "clocks, and look at FEEDBACKCHIMP_TOKEN_LIFETIME.",
    ),
    "not_yet_valid": (403, "Compare the clocks, or leave the claim “nbf” out."),
    "jti_used": (
        403,
        "Sign a token per click, each with a fresh “jti”. Going back in the browser or "
        "opening a URL with a token a second time ends here, too: log in again.",
    ),
    "admin": (
        403,
        "People who administer FeedbackChimp sign in there by hand. List the address "
        "in the app's FEEDBACKCHIMP_ADMIN_EMAILS, so that the app says so itself.",
    ),
    "token_missing": (
        400,
        "Send the token along. Compare the app's FEEDBACKCHIMP_RETURN_URL with the "
        "return_url of this sandbox.",
    ),
    "token_repeated": (400, "Send one token, once."),
    "page_foreign": (
        400,
        "Send an absolute URL on this board's own origin. If it looks right, compare "
        "host and port: “localhost” and “127.0.0.1” are different origins.",
    ),
    "page_repeated": (400, "Send one page, once."),
    "value_missing": (
        400,
        "Compare the names in FEEDBACKCHIMP_RETURN_URL with what this board sends to "
        "the app. A link of the app's own cannot carry a value that only the board "
        "issues: link to the board's page instead, and let its “Log in” start.",
    ),
}

"""Serving the stand-in without writing tokens to the terminal."""

from __future__ import annotations

from werkzeug.serving import WSGIRequestHandler


class RequestHandler(WSGIRequestHandler):
    """Logs requests without their query: on the way back a token is part of it.

    Give it to :func:`werkzeug.serving.run_simple` as ``request_handler``.
    """

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Log the method, the path and the status."""
        # Neither is set where the request line could not be read.
        method = getattr(self, "command", None) or "-"
        path = ascii(getattr(self, "path", "-").partition("?")[0])[1:-1]
        self.log("info", "%s %s %s", method, path, getattr(code, "value", code))

    def log_error(self, format: str, *args: object) -> None:
        """Log that something went wrong; the details may repeat the request line."""
        self.log("error", "a request could not be read")

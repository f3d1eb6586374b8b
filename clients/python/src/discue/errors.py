"""What calls of the client raise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .types import ProblemError


class DiscueError(Exception):
    """Everything that a call raises by itself."""


class ConnectionFailedError(DiscueError):
    """No whole answer came: the connection broke, or the time was over. ``__cause__`` says what happened."""


class ApiError(DiscueError):
    """The server answered that it will not, or cannot. The subclasses are by status."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[ProblemError], request_id: str | None):
        faults = "; ".join(f"{error['path']} {error['message']}" for error in errors)
        super().__init__(f"{status} {detail}" + (f": {faults}" if faults else ""))
        self.status = status
        self.title = title
        self.detail = detail
        #: What is wrong with which property, parameter or header; empty where the answer does not say.
        self.errors = list(errors)
        #: What the server's log has this request under; ``None`` where something in between answered.
        self.request_id = request_id

    def __reduce__(self) -> tuple[type[ApiError], tuple[Any, ...]]:
        return type(self), (self.status, self.title, self.detail, self.errors, self.request_id)


class AuthenticationError(ApiError):
    """401: no API key, or one that is unknown or disabled."""


class PermissionDeniedError(ApiError):
    """403: the API key lacks the scope, or too many wrong keys came from this address."""


class NotFoundError(ApiError):
    """404: it does not exist, for this API key."""


class ConflictError(ApiError):
    """409: an Idempotency-Key with another body, or a resource that has changed meanwhile."""


class ValidationError(ApiError):
    """422: ``errors`` names each property and what is allowed."""


class RateLimitError(ApiError):
    """429: a share of the organization is used up. Raised once all tries are."""


class UnavailableError(ApiError):
    """503: the server sheds load, stops, or cannot reach its database. Raised once all tries are."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
    503: UnavailableError,
}


def error_of(status: int, reason: str, body: bytes, request_id: str | None) -> ApiError:
    """The error for an answer that is none of success; what is no problem of the API's comes from something in between."""
    problem = _problem_in(body)
    title = problem.get("title", reason or "no title")
    error_class = _BY_STATUS.get(status, ApiError)
    return error_class(status, title, problem.get("detail", title), problem.get("errors", []), request_id)


def _problem_in(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) and isinstance(problem.get("title"), str) else {}

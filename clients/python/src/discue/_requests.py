"""What a request is, which may be sent again, and after how long: decided here, sent by the transports."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from .errors import ApiError, ConnectionFailedError

FIRST_DELAY_MS = 250
LONGEST_DELAY_MS = 30_000
#: Nothing was done, or the same answer will come to the same Idempotency-Key.
WORTH_A_RETRY = frozenset({429, 502, 503, 504})

QueryValue = str | int | bool | None


@dataclass(frozen=True)
class Request:
    method: str
    #: Below ``/v1``, such as ``/queues``.
    path: str
    query: Mapping[str, QueryValue] = field(default_factory=dict)
    #: Sent as JSON; none where it is ``None``.
    body: Any = None
    idempotency_key: str | None = None
    #: Whether a repetition does no harm; all but a POST without an Idempotency-Key, unless told.
    is_repeatable: bool | None = None
    #: What is not there any more when it is repeated was deleted by the first try, whose answer was lost.
    deletes: bool = False
    #: Added to the time that a try has.
    wait_ms: int = 0

    @property
    def may_repeat(self) -> bool:
        if self.is_repeatable is not None:
            return self.is_repeatable
        return self.method != "POST" or self.idempotency_key is not None

    @property
    def params(self) -> dict[str, str]:
        return {name: _text(value) for name, value in self.query.items() if value is not None}

    def headers(self, api_key: str) -> dict[str, str]:
        headers = {"x-api-key": api_key, "accept": "application/json"}
        if self.body is not None:
            headers["content-type"] = "application/json"
        if self.idempotency_key is not None:
            headers["idempotency-key"] = self.idempotency_key
        return headers


@dataclass(frozen=True)
class Failure:
    error: ApiError | ConnectionFailedError
    #: ``None`` where no whole answer came.
    status: int | None = None
    retry_after: str | None = None

    def is_done(self, request: Request, tries: int) -> bool:
        """Whether an earlier try has deleted what this one did not find."""
        return request.deletes and tries > 0 and self.status == 404


def delay_before(failure: Failure, tries: int) -> float | None:
    """Milliseconds until the next try, of which there were ``tries`` repetitions; ``None`` where there should be none."""
    asked_ms = _retry_after_ms(failure.retry_after)
    # A conflict with Retry-After: the first request with this Idempotency-Key is still running.
    is_running = failure.status == 409 and asked_ms is not None
    if failure.status is not None and failure.status not in WORTH_A_RETRY and not is_running:
        return None
    if asked_ms is not None:
        return min(asked_ms, LONGEST_DELAY_MS)
    longest = min(FIRST_DELAY_MS * 2.0**tries, LONGEST_DELAY_MS)
    # Many clients that saw the same failure should not come back at the same time.
    return longest / 2 + random.random() * longest / 2


def _retry_after_ms(text: str | None) -> float | None:
    return int(text) * 1_000 if text is not None and text.isascii() and text.isdigit() else None


def path_of(*segments: str) -> str:
    """A path of segments, ids among them, each of which stays one. Raises ``ValueError`` for one that could not."""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise ValueError(f"{segment!r} is no id")
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def next_query(href: str) -> dict[str, QueryValue]:
    """The query of a link to the next page; its path and address may be others than those that this client uses."""
    return dict(parse_qsl(urlsplit(href).query))


def _text(value: QueryValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

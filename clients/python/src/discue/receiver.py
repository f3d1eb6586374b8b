"""Receives deliveries: verifies them, knows repetitions, and says what came of handling them. Frameworks have adapters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ._handlers import done, refuse_awaitable
from ._report import OnError, report
from .deduplication import AsyncDeduplicationStore, DeduplicationStore, State
from .webhook import Clock, Delivery, WebhookError, verify

#: The server allows 256 KiB of data.
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Verdict:
    """The answer to a request; it has no body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


HANDLED = Verdict(204)
NOT_SIGNED = Verdict(400)
FAILED = Verdict(500)
TOO_LARGE = Verdict(413)
#: Another process handles it right now, and may still fail.
RUNNING = Verdict(409, {"retry-after": "1"})


class _Options:
    def __init__(
        self,
        secret: str | Sequence[str],
        on_error: OnError | None = None,
        tolerance_ms: int = 300_000,
        now: Clock = time.time,
    ):
        self._secret = secret
        self._on_error = on_error
        self._tolerance_ms = tolerance_ms
        self._now = now

    def _verified(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        return verify(body, headers, self._secret, tolerance_ms=self._tolerance_ms, now=self._now)

    def _failed(self, error: BaseException) -> Verdict:
        self._tell(error)
        return NOT_SIGNED if isinstance(error, WebhookError) else FAILED

    def _tell(self, error: BaseException) -> None:
        report(error, self._on_error)


class Receiver(_Options):
    """
    ``secret`` is the listener's ``whsec_…``, several while one is replaced by another. Where ``handle`` raises, the
    message comes again by the listener's retry policy. With ``deduplication`` a message that was handled is acknowledged
    and not handled again. ``on_error`` is told of what was raised, and of requests that are no deliveries;
    without it the log ``discue`` is.
    """

    def __init__(
        self,
        *,
        secret: str | Sequence[str],
        handle: Callable[[Delivery], object],
        deduplication: DeduplicationStore | None = None,
        on_error: OnError | None = None,
        tolerance_ms: int = 300_000,
        now: Clock = time.time,
    ):
        super().__init__(secret, on_error, tolerance_ms, now)
        self._handle = handle
        self._deduplication = deduplication

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Verdict:
        """Whether it is a delivery, then what came of handling it. Raises nothing that is an ``Exception``."""
        if len(body) > MAX_BODY_BYTES:
            return TOO_LARGE
        begun: str | None = None
        try:
            delivery = self._verified(body, headers)
            if delivery.is_test:
                return HANDLED
            state: State = "new" if self._deduplication is None else self._deduplication.begin(delivery.id)
            if state != "new":
                return HANDLED if state == "done" else RUNNING
            begun = delivery.id
            refuse_awaitable(self._handle(delivery))
            if self._deduplication is not None:
                self._deduplication.finish(delivery.id)
            return HANDLED
        except BaseException as error:
            self._abandon(begun)
            if not isinstance(error, Exception):
                raise
            return self._failed(error)

    def _abandon(self, message_id: str | None) -> None:
        # Where even that fails, the message is tried again as one that runs.
        try:
            if message_id is not None and self._deduplication is not None:
                self._deduplication.abandon(message_id)
        except Exception as error:
            self._tell(error)


class AsyncReceiver(_Options):
    """``Receiver`` for an event loop: ``handle`` and the store may be coroutines."""

    def __init__(
        self,
        *,
        secret: str | Sequence[str],
        handle: Callable[[Delivery], object],
        deduplication: AsyncDeduplicationStore | None = None,
        on_error: OnError | None = None,
        tolerance_ms: int = 300_000,
        now: Clock = time.time,
    ):
        super().__init__(secret, on_error, tolerance_ms, now)
        self._handle = handle
        self._deduplication = deduplication

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> Verdict:
        """As ``Receiver.receive``."""
        if len(body) > MAX_BODY_BYTES:
            return TOO_LARGE
        begun: str | None = None
        try:
            delivery = self._verified(body, headers)
            if delivery.is_test:
                return HANDLED
            state: State = "new" if self._deduplication is None else await done(self._deduplication.begin(delivery.id))
            if state != "new":
                return HANDLED if state == "done" else RUNNING
            begun = delivery.id
            await done(self._handle(delivery))
            if self._deduplication is not None:
                await done(self._deduplication.finish(delivery.id))
            return HANDLED
        except BaseException as error:
            # A request that is cancelled has not been handled either.
            await self._abandon(begun)
            if not isinstance(error, Exception):
                raise
            return self._failed(error)

    async def _abandon(self, message_id: str | None) -> None:
        try:
            if message_id is not None and self._deduplication is not None:
                await done(self._deduplication.abandon(message_id))
        except Exception as error:
            self._tell(error)

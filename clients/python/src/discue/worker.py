"""Workers for listeners that pull."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from ._async.client import AsyncDiscue
from ._handlers import done, refuse_awaitable
from ._report import OnError, report
from ._sync.client import Discue
from .types import PulledMessage

MAX_PULLED = 100
POLL_MS = 20_000
#: A pull of a thread cannot be broken off, and a stop waits for it.
THREAD_POLL_MS = 2_000
FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 30_000

RetryDelay = Callable[[BaseException, PulledMessage], int | None]


class _Options:
    def __init__(
        self,
        queue_id: str,
        listener_id: str,
        concurrency: int,
        lease_ms: int,
        retry_delay_ms: RetryDelay | None,
        on_error: OnError | None,
    ):
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self._at = (queue_id, listener_id)
        self._concurrency = concurrency
        self._lease_ms = lease_ms
        self._retry_delay_ms = retry_delay_ms
        self._on_error = on_error

    def _delay_ms(self, error: BaseException, message: PulledMessage) -> int | None:
        return None if self._retry_delay_ms is None else self._retry_delay_ms(error, message)

    def _tell(self, error: BaseException) -> None:
        report(error, self._on_error)


class AsyncPullWorker(_Options):
    """
    Takes what waits for a listener that pulls, and acknowledges it once ``handle`` has returned. Where it raises, the
    message is given back, to come again after ``retry_delay_ms``, or by the listener's retry policy. Leases are extended
    for as long as ``handle`` takes; where one is lost all the same, ``handle`` is cancelled. It may be a coroutine function
    or an ordinary one. ``on_error`` is told of what ``handle`` has raised, and of calls that failed; those are tried again.
    Without it the log ``discue`` is told.
    """

    def __init__(
        self,
        client: AsyncDiscue,
        *,
        queue_id: str,
        listener_id: str,
        handle: Callable[[PulledMessage], object],
        concurrency: int = 10,
        lease_ms: int = 30_000,
        retry_delay_ms: RetryDelay | None = None,
        on_error: OnError | None = None,
    ):
        super().__init__(queue_id, listener_id, concurrency, lease_ms, retry_delay_ms, on_error)
        self._client = client
        self._handle = handle
        self._stopping = asyncio.Event()
        self._grace_ms = 10_000
        #: What is handled at this moment, by its receipt.
        self._running: dict[str, asyncio.Task[None]] = {}
        self._lost: set[str] = set()

    async def run(self) -> None:
        """Works until ``stop`` is called; returns when everything that was begun has come to an end."""
        keeping = asyncio.create_task(self._keep_leases())
        try:
            await self._take()
            if self._running:
                await asyncio.wait(self._running.values(), timeout=self._grace_ms / 1_000)
        finally:
            keeping.cancel()
            await self._give_back()

    def stop(self, grace_ms: int = 10_000) -> None:
        """
        Takes nothing more; ``run`` returns when what was begun has ended. After ``grace_ms`` what has not is cancelled,
        and given back at once.
        """
        self._grace_ms = grace_ms
        self._stopping.set()

    async def _take(self) -> None:
        pause_ms = FIRST_PAUSE_MS
        while not self._stopping.is_set():
            room = self._concurrency - len(self._running)
            if room <= 0:
                await self._unless_stopped(asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED))
                continue
            try:
                await self._unless_stopped(self._pull(room))
                pause_ms = FIRST_PAUSE_MS
            except Exception as error:
                self._tell(error)
                await self._unless_stopped(asyncio.sleep(pause_ms / 1_000))
                pause_ms = min(pause_ms * 2, LONGEST_PAUSE_MS)

    async def _unless_stopped(self, work: Coroutine[Any, Any, object]) -> None:
        """Raises what the work raises. A stop breaks it off."""
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            stopping.cancel()
            task.cancel()

    async def _pull(self, room: int) -> None:
        most = min(room, MAX_PULLED)
        messages = await self._client.leases.pull(*self._at, max=most, wait_ms=POLL_MS, lease_ms=self._lease_ms)
        for message in messages:
            receipt = message["receipt"]
            self._running[receipt] = asyncio.create_task(self._work(message))
            self._running[receipt].add_done_callback(partial(self._ended, receipt))

    def _ended(self, receipt: str, _: asyncio.Task[None]) -> None:
        self._running.pop(receipt, None)
        self._lost.discard(receipt)

    async def _work(self, message: PulledMessage) -> None:
        receipt = message["receipt"]
        try:
            await done(self._handle(message))
        except asyncio.CancelledError:
            # Of a lease that is another client's by now nothing counts that is said here.
            if receipt not in self._lost:
                await self._settled(self._client.leases.nack(*self._at, [receipt], delay_ms=0))
        except Exception as error:
            self._tell(error)
            delay_ms = self._delay_ms(error, message)
            await self._settled(self._client.leases.nack(*self._at, [receipt], delay_ms=delay_ms))
        else:
            await self._settled(self._client.leases.ack(*self._at, [receipt]))

    async def _settled(self, call: Awaitable[object]) -> None:
        try:
            await call
        except Exception as error:
            # The lease runs out, and the message comes again.
            self._tell(error)

    async def _give_back(self) -> None:
        left = [*self._running.values()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _keep_leases(self) -> None:
        """Extends all leases each third of their time, and cancels what has lost its lease."""
        while True:
            await asyncio.sleep(self._lease_ms / 3_000)
            receipts = [*self._running]
            for start in range(0, len(receipts), MAX_PULLED):
                await self._extend(receipts[start : start + MAX_PULLED])

    async def _extend(self, receipts: list[str]) -> None:
        try:
            answer = await self._client.leases.extend(*self._at, receipts, lease_ms=self._lease_ms)
        except Exception as error:
            self._tell(error)
            return
        for receipt in answer["lost"]:
            # What was settled while this was asked is over, too.
            if receipt in self._running:
                self._lost.add(receipt)
                self._running[receipt].cancel()


class Lease:
    """What a handler in a thread can ask: whether its message is still its own."""

    def __init__(self) -> None:
        self._over = threading.Event()

    @property
    def is_over(self) -> bool:
        """The lease was lost, or the worker leaves: what is done from now on does not count."""
        return self._over.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until it is over; says whether it is."""
        return self._over.wait(timeout_s)


class PullWorker(_Options):
    """``AsyncPullWorker`` for handlers that block: each message has a thread, up to ``concurrency`` of them."""

    def __init__(
        self,
        client: Discue,
        *,
        queue_id: str,
        listener_id: str,
        handle: Callable[[PulledMessage, Lease], object],
        concurrency: int = 10,
        lease_ms: int = 30_000,
        retry_delay_ms: RetryDelay | None = None,
        on_error: OnError | None = None,
    ):
        super().__init__(queue_id, listener_id, concurrency, lease_ms, retry_delay_ms, on_error)
        self._client = client
        self._handle = handle
        self._stopping = threading.Event()
        self._ending = threading.Event()
        self._grace_ms = 10_000
        self._changed = threading.Condition()
        self._running: dict[str, Lease] = {}

    def run(self) -> None:
        """
        Works until ``stop`` is called, from a signal's handler or another thread; returns when everything that was begun
        has come to an end, or was given back.
        """
        keeper = threading.Thread(target=self._keep_leases, daemon=True)
        keeper.start()
        try:
            self._take()
            self._leave()
        finally:
            self._ending.set()
            keeper.join()

    def stop(self, grace_ms: int = 10_000) -> None:
        """
        Takes nothing more; ``run`` returns when what was begun has ended. After ``grace_ms`` handlers are told by their
        lease, and what they have not finished is given back at once; a thread that goes on is left to itself.
        """
        self._grace_ms = grace_ms
        self._stopping.set()

    def _take(self) -> None:
        pause_ms = FIRST_PAUSE_MS
        while not self._stopping.is_set():
            with self._changed:
                room = self._concurrency - len(self._running)
                if room <= 0:
                    # Woken by what ends; looks for a stop between.
                    self._changed.wait(THREAD_POLL_MS / 1_000)
                    continue
            try:
                self._pull(room)
                pause_ms = FIRST_PAUSE_MS
            except Exception as error:
                self._tell(error)
                self._stopping.wait(pause_ms / 1_000)
                pause_ms = min(pause_ms * 2, LONGEST_PAUSE_MS)

    def _pull(self, room: int) -> None:
        most = min(room, MAX_PULLED)
        messages = self._client.leases.pull(*self._at, max=most, wait_ms=THREAD_POLL_MS, lease_ms=self._lease_ms)
        receipts = [message["receipt"] for message in messages]
        for at, message in enumerate(messages):
            lease = Lease()
            with self._changed:
                self._running[receipts[at]] = lease
            try:
                threading.Thread(target=self._work, args=(message, lease), daemon=True).start()
            except RuntimeError:
                # There is no room for another thread: this one and what was pulled behind it are given back.
                with self._changed:
                    del self._running[receipts[at]]
                self._client.leases.nack(*self._at, receipts[at:], delay_ms=0)
                raise

    def _work(self, message: PulledMessage, lease: Lease) -> None:
        receipt = message["receipt"]
        failure: Exception | None = None
        try:
            refuse_awaitable(self._handle(message, lease))
        except Exception as error:
            failure = error
        try:
            # What was given back, or lost, is another client's: nothing counts that is said here.
            if not lease.is_over:
                self._settle(message, failure)
            elif failure is not None:
                self._tell(failure)
        except Exception as error:
            # The lease runs out, and the message comes again.
            self._tell(error)
        finally:
            with self._changed:
                self._running.pop(receipt, None)
                self._changed.notify_all()

    def _settle(self, message: PulledMessage, failure: Exception | None) -> None:
        receipts = [message["receipt"]]
        if failure is None:
            self._client.leases.ack(*self._at, receipts)
            return
        self._tell(failure)
        self._client.leases.nack(*self._at, receipts, delay_ms=self._delay_ms(failure, message))

    def _leave(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, self._grace_ms / 1_000)
            left = dict(self._running)
            for lease in left.values():
                lease._over.set()
        receipts = [*left]
        for start in range(0, len(receipts), MAX_PULLED):
            try:
                self._client.leases.nack(*self._at, receipts[start : start + MAX_PULLED], delay_ms=0)
            except Exception as error:
                self._tell(error)

    def _keep_leases(self) -> None:
        while not self._ending.wait(self._lease_ms / 3_000):
            with self._changed:
                receipts = [*self._running]
            for start in range(0, len(receipts), MAX_PULLED):
                self._extend(receipts[start : start + MAX_PULLED])

    def _extend(self, receipts: list[str]) -> None:
        try:
            answer = self._client.leases.extend(*self._at, receipts, lease_ms=self._lease_ms)
        except Exception as error:
            self._tell(error)
            return
        with self._changed:
            for receipt in answer["lost"]:
                if receipt in self._running:
                    self._running[receipt]._over.set()

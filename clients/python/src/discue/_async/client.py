"""A client of a discue server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack, overload

import httpx

from .. import types as api
from .._requests import QueryValue, Request, path_of
from ..errors import ValidationError
from ..messages import NewMessage, written
from .transport import AsyncTransport


class AsyncDiscue:
    """
    A client of a discue server. All calls raise ``ApiError`` (by status, such as ``NotFoundError`` and
    ``ValidationError``) and ``ConnectionFailedError``. What creates something carries an ``Idempotency-Key``, so that a
    call which is tried again, here or by the caller with the same ``idempotency_key``, creates it once.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout_ms: int = 30_000,
        retries: int = 4,
        http: httpx.AsyncClient | None = None,
    ):
        """
        ``timeout_ms`` is for one try; a pull may wait for that long in addition to its ``wait_ms``. ``retries`` is how
        often a request is sent again that may be. ``http`` is used in place of a client of its own, and is not closed.
        """
        self._transport = AsyncTransport(url, api_key, timeout_ms, retries, http)
        self.queues = AsyncQueues(self._transport)
        self.listeners = AsyncListeners(self._transport)
        self.messages = AsyncMessages(self._transport)
        self.schedules = AsyncSchedules(self._transport)
        #: For listeners that pull. ``AsyncPullWorker`` does all of it.
        self.leases = AsyncLeases(self._transport)

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The JSON that any operation of the API answers with, by its path below ``/v1``, such as ``/stats/messages``."""
        return await self._transport.call(Request(method, path, query or {}, body, idempotency_key))


class _AsyncResources:
    def __init__(self, transport: AsyncTransport):
        self._transport = transport

    async def _create(self, path: str, body: Any, idempotency_key: str | None) -> Any:
        key = idempotency_key if idempotency_key is not None else str(uuid.uuid4())
        return await self._transport.call(Request("POST", path, body=body, idempotency_key=key))

    async def _delete(self, path: str) -> None:
        await self._transport.call(Request("DELETE", path, deletes=True))


class AsyncQueues(_AsyncResources):
    async def create(self, *, idempotency_key: str | None = None, **queue: Unpack[api.CreateQueueRequest]) -> api.Queue:
        return (await self._create("/queues", queue, idempotency_key))["queue"]

    async def ensure(self, name: str) -> api.Queue:
        """The queue of this name, made where there is none."""
        found = await self._named(name)
        if found is not None:
            return found
        try:
            return await self.create(name=name)
        except ValidationError:
            # Another process was faster.
            found = await self._named(name)
            if found is None:
                raise
            return found

    async def get(self, queue_id: str) -> api.Queue:
        return (await self._transport.call(Request("GET", path_of("queues", queue_id))))["queue"]

    def list(self) -> AsyncIterator[api.Queue]:
        return self._transport.pages(Request("GET", "/queues"), "queues")

    async def update(self, queue_id: str, /, **changes: Unpack[api.UpdateQueueRequest]) -> api.Queue:
        request = Request("PATCH", path_of("queues", queue_id), body=changes)
        return (await self._transport.call(request))["queue"]

    async def delete(self, queue_id: str) -> None:
        await self._delete(path_of("queues", queue_id))

    async def _named(self, name: str) -> api.Queue | None:
        async for queue in self.list():
            if queue["name"] == name:
                return queue
        return None


class AsyncListeners(_AsyncResources):
    async def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **listener: Unpack[api.CreateListenerRequest]
    ) -> api.CreatedListener:
        """``secret`` verifies its deliveries, and is shown this once: it is missing where the first answer was lost."""
        answer = await self._create(path_of("queues", queue_id, "listeners"), listener, idempotency_key)
        return answer["listener"]

    async def get(self, queue_id: str, listener_id: str) -> api.Listener:
        request = Request("GET", path_of("queues", queue_id, "listeners", listener_id))
        return (await self._transport.call(request))["listener"]

    def list(self, queue_id: str) -> AsyncIterator[api.Listener]:
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "listeners")), "listeners")

    async def update(
        self, queue_id: str, listener_id: str, /, **changes: Unpack[api.UpdateListenerRequest]
    ) -> api.ListenerWithSecret:
        """With ``secret="rotate"`` the answer holds the new one. That is not tried again: each time makes another."""
        path = path_of("queues", queue_id, "listeners", listener_id)
        request = Request("PATCH", path, body=changes, is_repeatable=changes.get("secret") != "rotate")
        return (await self._transport.call(request))["listener"]

    async def delete(self, queue_id: str, listener_id: str) -> None:
        await self._delete(path_of("queues", queue_id, "listeners", listener_id))


class AsyncMessages(_AsyncResources):
    async def send(
        self, queue_id: str, data: Any, *, idempotency_key: str | None = None, **message: Unpack[NewMessage]
    ) -> api.MessageRef:
        """
        Returns when the message is on the server's disk. ``data`` is sent as it is where it is a ``str`` or ``bytes``, else
        as JSON.
        """
        path = path_of("queues", queue_id, "messages")
        answer = await self._create(path, written({**message, "data": data}), idempotency_key)
        return answer["message"]

    async def send_all(
        self, queue_id: str, messages: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> Sequence[api.MessageRef]:
        """Up to 1,000 at once, each with its ``data`` and the rest of ``NewMessage``: all of them are stored, or none."""
        body = {"messages": [written(message) for message in messages]}
        answer = await self._create(path_of("queues", queue_id, "messages", "batch"), body, idempotency_key)
        return answer["messages"]

    async def get(self, message_id: str) -> api.Message:
        return (await self._transport.call(Request("GET", path_of("messages", message_id))))["message"]

    def list(
        self,
        queue_id: str,
        *,
        name: str | None = None,
        key: str | None = None,
        status: api.MessageStatus | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> AsyncIterator[api.Message]:
        """Newest first. Times are in ms since the Unix epoch."""
        query = {"name": name, "key": key, "status": status, "since": since, "until": until}
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "messages"), query), "messages")

    async def delete(self, queue_id: str, message_id: str) -> None:
        await self._delete(path_of("queues", queue_id, "messages", message_id))


class AsyncSchedules(_AsyncResources):
    @overload
    async def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Unpack[api.CreateScheduleRequestCron]
    ) -> api.Schedule: ...
    @overload
    async def create(
        self,
        queue_id: str,
        /,
        *,
        idempotency_key: str | None = None,
        **schedule: Unpack[api.CreateScheduleRequestEvery],
    ) -> api.Schedule: ...
    @overload
    async def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Unpack[api.CreateScheduleRequestAt]
    ) -> api.Schedule: ...
    async def create(self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Any) -> api.Schedule:
        """
        With one of ``cron``, ``every`` and ``at``. ``data`` is sent as it is where it is a ``str`` or ``bytes``, else as
        JSON.
        """
        body = written(schedule)
        answer = await self._create(path_of("queues", queue_id, "schedules"), body, idempotency_key)
        return answer["schedule"]

    async def get(self, queue_id: str, schedule_id: str) -> api.Schedule:
        request = Request("GET", path_of("queues", queue_id, "schedules", schedule_id))
        return (await self._transport.call(request))["schedule"]

    def list(self, queue_id: str) -> AsyncIterator[api.Schedule]:
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "schedules")), "schedules")

    async def update(
        self, queue_id: str, schedule_id: str, /, **changes: Unpack[api.UpdateScheduleRequest]
    ) -> api.Schedule:
        request = Request("PATCH", path_of("queues", queue_id, "schedules", schedule_id), body=changes)
        return (await self._transport.call(request))["schedule"]

    async def delete(self, queue_id: str, schedule_id: str) -> None:
        await self._delete(path_of("queues", queue_id, "schedules", schedule_id))


class AsyncLeases(_AsyncResources):
    async def pull(
        self, queue_id: str, listener_id: str, *, max: int = 10, wait_ms: int = 0, lease_ms: int | None = None
    ) -> Sequence[api.PulledMessage]:
        """
        Up to ``max`` messages (1 to 100), which are this client's for ``lease_ms`` (a second to 12 hours; 30 s unless
        told). Where there is none, it waits for ``wait_ms``, up to 30,000.
        """
        body: dict[str, Any] = {"max": max, "wait": wait_ms}
        if lease_ms is not None:
            body["lease"] = lease_ms
        # A second pull takes other messages; what the first one took comes again when its lease is over.
        answer = await self._settle(queue_id, listener_id, "pull", body, wait_ms)
        return answer["messages"]

    async def ack(self, queue_id: str, listener_id: str, receipts: Sequence[str]) -> api.AcknowledgeMessagesResult:
        return await self._settle(queue_id, listener_id, "ack", {"receipts": [*receipts]})

    async def nack(
        self, queue_id: str, listener_id: str, receipts: Sequence[str], *, delay_ms: int | None = None
    ) -> api.ReturnMessagesResult:
        """Gives messages back, to come again after ``delay_ms``, or by the retry policy."""
        body: dict[str, Any] = {"receipts": [*receipts]}
        if delay_ms is not None:
            body["delay"] = delay_ms
        return await self._settle(queue_id, listener_id, "nack", body)

    async def extend(
        self, queue_id: str, listener_id: str, receipts: Sequence[str], *, lease_ms: int
    ) -> api.ExtendLeasesResult:
        """The leases begin anew, for ``lease_ms`` from now."""
        body = {"receipts": [*receipts], "lease": lease_ms}
        return await self._settle(queue_id, listener_id, "extend", body)

    async def _settle(self, queue_id: str, listener_id: str, verb: str, body: Any, wait_ms: int = 0) -> Any:
        path = path_of("queues", queue_id, "listeners", listener_id, verb)
        return await self._transport.call(Request("POST", path, body=body, is_repeatable=True, wait_ms=wait_ms))

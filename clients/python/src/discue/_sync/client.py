# Made of _async/ by scripts/sync.py: change that, not this file.
"""A client of a discue server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack, overload

import httpx

from .. import types as api
from .._requests import QueryValue, Request, path_of
from ..errors import ValidationError
from ..messages import NewMessage, written
from .transport import Transport


class Discue:
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
        http: httpx.Client | None = None,
    ):
        """
        ``timeout_ms`` is for one try; a pull may wait for that long in addition to its ``wait_ms``. ``retries`` is how
        often a request is sent again that may be. ``http`` is used in place of a client of its own, and is not closed.
        """
        self._transport = Transport(url, api_key, timeout_ms, retries, http)
        self.queues = Queues(self._transport)
        self.listeners = Listeners(self._transport)
        self.messages = Messages(self._transport)
        self.schedules = Schedules(self._transport)
        #: For listeners that pull. ``PullWorker`` does all of it.
        self.leases = Leases(self._transport)

    def close(self) -> None:
        """Closes its connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The JSON that any operation of the API answers with, by its path below ``/v1``, such as ``/stats/messages``."""
        return self._transport.call(Request(method, path, query or {}, body, idempotency_key))


class _Resources:
    def __init__(self, transport: Transport):
        self._transport = transport

    def _create(self, path: str, body: Any, idempotency_key: str | None) -> Any:
        key = idempotency_key if idempotency_key is not None else str(uuid.uuid4())
        return self._transport.call(Request("POST", path, body=body, idempotency_key=key))

    def _delete(self, path: str) -> None:
        self._transport.call(Request("DELETE", path, deletes=True))


class Queues(_Resources):
    def create(self, *, idempotency_key: str | None = None, **queue: Unpack[api.CreateQueueRequest]) -> api.Queue:
        return (self._create("/queues", queue, idempotency_key))["queue"]

    def ensure(self, name: str) -> api.Queue:
        """The queue of this name, made where there is none."""
        found = self._named(name)
        if found is not None:
            return found
        try:
            return self.create(name=name)
        except ValidationError:
            # Another process was faster.
            found = self._named(name)
            if found is None:
                raise
            return found

    def get(self, queue_id: str) -> api.Queue:
        return (self._transport.call(Request("GET", path_of("queues", queue_id))))["queue"]

    def list(self) -> Iterator[api.Queue]:
        return self._transport.pages(Request("GET", "/queues"), "queues")

    def update(self, queue_id: str, /, **changes: Unpack[api.UpdateQueueRequest]) -> api.Queue:
        request = Request("PATCH", path_of("queues", queue_id), body=changes)
        return (self._transport.call(request))["queue"]

    def delete(self, queue_id: str) -> None:
        self._delete(path_of("queues", queue_id))

    def _named(self, name: str) -> api.Queue | None:
        for queue in self.list():
            if queue["name"] == name:
                return queue
        return None


class Listeners(_Resources):
    def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **listener: Unpack[api.CreateListenerRequest]
    ) -> api.CreatedListener:
        """``secret`` verifies its deliveries, and is shown this once: it is missing where the first answer was lost."""
        answer = self._create(path_of("queues", queue_id, "listeners"), listener, idempotency_key)
        return answer["listener"]

    def get(self, queue_id: str, listener_id: str) -> api.Listener:
        request = Request("GET", path_of("queues", queue_id, "listeners", listener_id))
        return (self._transport.call(request))["listener"]

    def list(self, queue_id: str) -> Iterator[api.Listener]:
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "listeners")), "listeners")

    def update(
        self, queue_id: str, listener_id: str, /, **changes: Unpack[api.UpdateListenerRequest]
    ) -> api.ListenerWithSecret:
        """With ``secret="rotate"`` the answer holds the new one. That is not tried again: each time makes another."""
        path = path_of("queues", queue_id, "listeners", listener_id)
        request = Request("PATCH", path, body=changes, is_repeatable=changes.get("secret") != "rotate")
        return (self._transport.call(request))["listener"]

    def delete(self, queue_id: str, listener_id: str) -> None:
        self._delete(path_of("queues", queue_id, "listeners", listener_id))


class Messages(_Resources):
    def send(
        self, queue_id: str, data: Any, *, idempotency_key: str | None = None, **message: Unpack[NewMessage]
    ) -> api.MessageRef:
        """
        Returns when the message is on the server's disk. ``data`` is sent as it is where it is a ``str`` or ``bytes``, else
        as JSON.
        """
        path = path_of("queues", queue_id, "messages")
        answer = self._create(path, written({**message, "data": data}), idempotency_key)
        return answer["message"]

    def send_all(
        self, queue_id: str, messages: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> Sequence[api.MessageRef]:
        """Up to 1,000 at once, each with its ``data`` and the rest of ``NewMessage``: all of them are stored, or none."""
        body = {"messages": [written(message) for message in messages]}
        answer = self._create(path_of("queues", queue_id, "messages", "batch"), body, idempotency_key)
        return answer["messages"]

    def get(self, message_id: str) -> api.Message:
        return (self._transport.call(Request("GET", path_of("messages", message_id))))["message"]

    def list(
        self,
        queue_id: str,
        *,
        name: str | None = None,
        key: str | None = None,
        status: api.MessageStatus | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[api.Message]:
        """Newest first. Times are in ms since the Unix epoch."""
        query = {"name": name, "key": key, "status": status, "since": since, "until": until}
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "messages"), query), "messages")

    def delete(self, queue_id: str, message_id: str) -> None:
        self._delete(path_of("queues", queue_id, "messages", message_id))


class Schedules(_Resources):
    @overload
    def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Unpack[api.CreateScheduleRequestCron]
    ) -> api.Schedule: ...
    @overload
    def create(
        self,
        queue_id: str,
        /,
        *,
        idempotency_key: str | None = None,
        **schedule: Unpack[api.CreateScheduleRequestEvery],
    ) -> api.Schedule: ...
    @overload
    def create(
        self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Unpack[api.CreateScheduleRequestAt]
    ) -> api.Schedule: ...
    def create(self, queue_id: str, /, *, idempotency_key: str | None = None, **schedule: Any) -> api.Schedule:
        """
        With one of ``cron``, ``every`` and ``at``. ``data`` is sent as it is where it is a ``str`` or ``bytes``, else as
        JSON.
        """
        body = written(schedule)
        answer = self._create(path_of("queues", queue_id, "schedules"), body, idempotency_key)
        return answer["schedule"]

    def get(self, queue_id: str, schedule_id: str) -> api.Schedule:
        request = Request("GET", path_of("queues", queue_id, "schedules", schedule_id))
        return (self._transport.call(request))["schedule"]

    def list(self, queue_id: str) -> Iterator[api.Schedule]:
        return self._transport.pages(Request("GET", path_of("queues", queue_id, "schedules")), "schedules")

    def update(
        self, queue_id: str, schedule_id: str, /, **changes: Unpack[api.UpdateScheduleRequest]
    ) -> api.Schedule:
        request = Request("PATCH", path_of("queues", queue_id, "schedules", schedule_id), body=changes)
        return (self._transport.call(request))["schedule"]

    def delete(self, queue_id: str, schedule_id: str) -> None:
        self._delete(path_of("queues", queue_id, "schedules", schedule_id))


class Leases(_Resources):
    def pull(
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
        answer = self._settle(queue_id, listener_id, "pull", body, wait_ms)
        return answer["messages"]

    def ack(self, queue_id: str, listener_id: str, receipts: Sequence[str]) -> api.AcknowledgeMessagesResult:
        return self._settle(queue_id, listener_id, "ack", {"receipts": [*receipts]})

    def nack(
        self, queue_id: str, listener_id: str, receipts: Sequence[str], *, delay_ms: int | None = None
    ) -> api.ReturnMessagesResult:
        """Gives messages back, to come again after ``delay_ms``, or by the retry policy."""
        body: dict[str, Any] = {"receipts": [*receipts]}
        if delay_ms is not None:
            body["delay"] = delay_ms
        return self._settle(queue_id, listener_id, "nack", body)

    def extend(
        self, queue_id: str, listener_id: str, receipts: Sequence[str], *, lease_ms: int
    ) -> api.ExtendLeasesResult:
        """The leases begin anew, for ``lease_ms`` from now."""
        body = {"receipts": [*receipts], "lease": lease_ms}
        return self._settle(queue_id, listener_id, "extend", body)

    def _settle(self, queue_id: str, listener_id: str, verb: str, body: Any, wait_ms: int = 0) -> Any:
        path = path_of("queues", queue_id, "listeners", listener_id, verb)
        return self._transport.call(Request("POST", path, body=body, is_repeatable=True, wait_ms=wait_ms))

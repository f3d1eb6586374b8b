"""Where a receiver notes which messages it has handled."""

from __future__ import annotations

import threading
from collections.abc import Awaitable
from typing import Literal, Protocol

State = Literal["new", "done", "running"]


class DeduplicationStore(Protocol):
    """
    With several processes it has to be one that all of them see, such as a table whose primary key is the id. What a
    process began and never ended, because it died, should be ``new`` again after a while.
    """

    def begin(self, message_id: str, /) -> State:
        """``new``: the caller handles it now. ``done``: it was handled. ``running``: another call handles it right now."""
        ...

    def finish(self, message_id: str, /) -> None:
        """It was handled, and never is again."""
        ...

    def abandon(self, message_id: str, /) -> None:
        """It was not: the next attempt may."""
        ...


class AsyncDeduplicationStore(Protocol):
    """``DeduplicationStore`` for an ``AsyncReceiver``."""

    def begin(self, message_id: str, /) -> State | Awaitable[State]: ...

    def finish(self, message_id: str, /) -> Awaitable[None] | None: ...

    def abandon(self, message_id: str, /) -> Awaitable[None] | None: ...


class MemoryDeduplication:
    """
    Remembers in this process's memory, up to ``most`` messages, the oldest of which are forgotten first. Threads may
    share it.
    """

    def __init__(self, most: int = 100_000):
        self._most = most
        self._states: dict[str, Literal["done", "running"]] = {}
        self._lock = threading.Lock()

    def begin(self, message_id: str, /) -> State:
        with self._lock:
            state = self._states.get(message_id)
            if state is not None:
                return state
            self._states[message_id] = "running"
            if len(self._states) > self._most:
                self._forget_oldest()
            return "new"

    def finish(self, message_id: str, /) -> None:
        with self._lock:
            self._states[message_id] = "done"

    def abandon(self, message_id: str, /) -> None:
        with self._lock:
            self._states.pop(message_id, None)

    def _forget_oldest(self) -> None:
        oldest = next((known for known, state in self._states.items() if state == "done"), None)
        if oldest is not None:
            del self._states[oldest]

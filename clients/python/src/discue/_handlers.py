"""What a handler has answered with."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def done(value: T | Awaitable[T]) -> T:
    """What it comes to, at once or once it was waited for."""
    return await value if inspect.isawaitable(value) else value


def refuse_awaitable(value: object) -> None:
    """Raises ``TypeError`` where a handler that is called without waiting is asynchronous: none of it has run."""
    if not inspect.isawaitable(value):
        return
    if inspect.iscoroutine(value):
        value.close()
    raise TypeError("handle is asynchronous, and would never run here: take AsyncReceiver or AsyncPullWorker")

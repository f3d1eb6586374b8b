"""Messages to send."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, TypedDict


class NewMessage(TypedDict, total=False):
    """What a message may say beside its ``data``. Times are in ms; ``delay`` and ``expires_in`` count from now."""

    name: str
    #: Listeners with an ``ordering`` by key go by it.
    key: str
    deliver_at: int
    delay: int
    expires_at: int
    expires_in: int
    headers: dict[str, str]
    #: The media type that it is delivered with.
    content_type: str


def written(message: Mapping[str, Any]) -> dict[str, Any]:
    """
    A message as the API takes it: a ``data`` that is bytes as base64, a text as it is, and anything else as its JSON.
    Raises ``TypeError`` where it has none. Without ``data`` the message is left as it is.
    """
    if "data" not in message:
        return dict(message)
    rest = {name: value for name, value in message.items() if name != "data"}
    data = message["data"]
    if isinstance(data, bytes | bytearray | memoryview):
        return {**rest, "data_base64": base64.b64encode(data).decode()}
    if isinstance(data, str):
        return {**rest, "data": data}
    return {**rest, "data": json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))}


def bytes_of(message: Mapping[str, Any]) -> bytes:
    """The body of a message that was read or pulled, as a listener with a URL is sent it."""
    if "data_base64" in message:
        return base64.b64decode(message["data_base64"])
    return str(message["data"]).encode()

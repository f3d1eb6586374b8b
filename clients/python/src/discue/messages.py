"""Messages to send."""

from __future__ import annotations

import json
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


def written(data: Any) -> str:
    """The text of a message: ``data`` itself where it is one, else its JSON. Raises ``TypeError`` where it has none."""
    return (
        data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    )

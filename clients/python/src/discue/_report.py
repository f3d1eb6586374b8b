"""What becomes of an error that no caller waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable

OnError = Callable[[BaseException], None]

_log = logging.getLogger("discue")


def report(error: BaseException, on_error: OnError | None) -> None:
    """Tells ``on_error``, or the log where there is none or where it fails. Raises nothing."""
    if on_error is None:
        _log.error("%s", error, exc_info=error)
        return
    try:
        on_error(error)
    except Exception:
        _log.exception("on_error failed on %r", error)

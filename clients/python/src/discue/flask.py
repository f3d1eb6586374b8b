"""A receiver in Flask: ``app.post("/orders")(flask_receiver(receiver))``."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from .receiver import MAX_BODY_BYTES, TOO_LARGE, Receiver, Verdict


def flask_receiver(receiver: Receiver) -> Callable[[], Response]:
    """A view. Nothing may have read ``request.form`` before it: the signature is over the bytes as they came."""

    def discue_receiver() -> Response:
        return _response(_verdict(receiver))

    return discue_receiver


def _verdict(receiver: Receiver) -> Verdict:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return TOO_LARGE
    # What comes in chunks has no length; no more than one byte too many is kept of it.
    return receiver.receive(request.stream.read(MAX_BODY_BYTES + 1), dict(request.headers))


def _response(verdict: Verdict) -> Response:
    return Response(status=verdict.status, headers=dict(verdict.headers))

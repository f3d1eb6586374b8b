"""A receiver in FastAPI, or Starlette: ``app.post("/orders")(fastapi_receiver(receiver))``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .receiver import MAX_BODY_BYTES, TOO_LARGE, AsyncReceiver, Receiver, Verdict


def fastapi_receiver(receiver: AsyncReceiver | Receiver) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint. A ``Receiver``, whose handler blocks, runs in a thread."""

    async def discue_receiver(request: Request) -> Response:
        body = await _body_of(request)
        verdict = TOO_LARGE if body is None else await _verdict(receiver, body, request)
        return Response(status_code=verdict.status, headers=dict(verdict.headers))

    return discue_receiver


async def _verdict(receiver: AsyncReceiver | Receiver, body: bytes, request: Request) -> Verdict:
    if isinstance(receiver, Receiver):
        return await run_in_threadpool(receiver.receive, body, request.headers)
    return await receiver.receive(body, request.headers)


async def _body_of(request: Request) -> bytes | None:
    """``None`` where there is more than a delivery can have."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)

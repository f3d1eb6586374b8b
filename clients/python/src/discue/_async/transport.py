"""Speaks to the API: JSON, tries again where that is safe, errors by status."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from .._requests import Failure, Request, delay_before, next_query
from ..errors import ConnectionFailedError, error_of

PER_PAGE = 100


class AsyncTransport:
    def __init__(self, url: str, api_key: str, timeout_ms: int, retries: int, http: httpx.AsyncClient | None):
        if not url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://")
        self._url = url.rstrip("/")
        self._api_key = api_key
        self._timeout_ms = timeout_ms
        self._retries = retries
        self._own_http = http is None
        self._http = http if http is not None else httpx.AsyncClient()

    async def aclose(self) -> None:
        if self._own_http:
            await self._http.aclose()

    async def call(self, request: Request) -> Any:
        """The JSON of the answer. Raises ``ApiError``, of the class of its status, and ``ConnectionFailedError``."""
        tries = 0
        while True:
            outcome = await self._try(request)
            if not isinstance(outcome, Failure):
                return outcome
            if outcome.is_done(request, tries):
                return None
            delay_ms = delay_before(outcome, tries) if request.may_repeat and tries < self._retries else None
            if delay_ms is None:
                raise outcome.error
            await asyncio.sleep(delay_ms / 1_000)
            tries += 1

    async def pages(self, request: Request, collection: str) -> AsyncIterator[Any]:
        """All entries of a listing: what the caller does with a page is done before the next one is read."""
        query = {"_embed": True, "per_page": PER_PAGE, **request.query}
        while True:
            page = await self.call(Request(request.method, request.path, query))
            for entry in page.get("_embedded", {}).get(collection, []):
                yield entry
            following = page["_links"].get("next")
            if following is None:
                return
            query = next_query(following["href"])

    async def _try(self, request: Request) -> Any | Failure:
        timeout_s = (self._timeout_ms + request.wait_ms) / 1_000
        until = time.monotonic() + timeout_s
        content = (
            None if request.body is None else json.dumps(request.body, ensure_ascii=False, allow_nan=False).encode()
        )
        try:
            async with self._http.stream(
                request.method,
                f"{self._url}/v1{request.path}",
                params=request.params,
                content=content,
                headers=request.headers(self._api_key),
                timeout=timeout_s,
                follow_redirects=False,
            ) as response:
                body = bytearray()
                # The whole answer is read here: it may break off as the way to it may, or never end.
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if time.monotonic() > until:
                        raise httpx.ReadTimeout("the answer takes too long")
            if response.is_success:
                return json.loads(body)
        except (httpx.TransportError, httpx.DecodingError, ValueError) as error:
            is_late = isinstance(error, httpx.TimeoutException)
            why = f"no answer within {round(timeout_s * 1_000)} ms" if is_late else "the server cannot be reached"
            failed = ConnectionFailedError(f"{request.method} {request.path}: {why}")
            failed.__cause__ = error
            return Failure(failed)
        request_id = response.headers.get("x-request-id")
        error_found = error_of(response.status_code, response.reason_phrase, bytes(body), request_id)
        return Failure(error_found, response.status_code, response.headers.get("retry-after"))

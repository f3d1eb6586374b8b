from __future__ import annotations

import asyncio
import base64
import threading
import typing
from collections.abc import Callable

import httpx
import pytest
from conftest import API_KEY, URL

from discue import (
    ApiError,
    AsyncDiscue,
    ConnectionFailedError,
    Discue,
    NewMessage,
    NotFoundError,
    UnavailableError,
    ValidationError,
    bytes_of,
    types,
)


class Losing(httpx.BaseTransport):
    """Sends requests, and loses the answers of some."""

    def __init__(self, lose: Callable[[int, httpx.Request], httpx.Response | None]):
        self.requests: list[httpx.Request] = []
        self._lose = lose
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        busy = self._lose(len(self.requests), request)
        return busy if busy is not None else self._inner.handle_request(request)

    def client(self, retries: int = 4) -> Discue:
        return Discue(URL, API_KEY, retries=retries, http=httpx.Client(transport=self))


def after_it_was_done(inner: httpx.HTTPTransport, number: int) -> Callable[[int, httpx.Request], httpx.Response | None]:
    def lose(tries: int, request: httpx.Request) -> httpx.Response | None:
        if tries == number:
            inner.handle_request(request).read()
            raise httpx.ReadError("the connection broke")
        return None

    return lose


def test_makes_finds_changes_and_deletes_what_there_is(client: Discue, queue_id: str) -> None:
    name = client.queues.get(queue_id)["name"]
    assert client.queues.ensure(name)["id"] == queue_id
    listener = client.listeners.create(queue_id, name="shop", notify_url="http://127.0.0.1:9/")
    assert listener["secret"].startswith("whsec_")
    assert client.listeners.update(queue_id, listener["id"], timeout=1_000)["timeout"] == 1_000
    schedule = client.schedules.create(queue_id, name="daily", cron="0 6 * * *", data="x")
    assert len(client.schedules.get(queue_id, schedule["id"])["next_runs"]) == 5
    assert [it["id"] for it in client.schedules.list(queue_id)] == [schedule["id"]]
    assert client.schedules.update(queue_id, schedule["id"], paused=True)["paused"] is True
    sent = client.messages.send(queue_id, {"order": "ünïcödé ✓"}, name="order")
    assert client.messages.get(sent["id"])["data"] == '{"order":"ünïcödé ✓"}'
    client.schedules.delete(queue_id, schedule["id"])
    client.queues.delete(queue_id)
    with pytest.raises(NotFoundError):
        client.queues.get(queue_id)


def test_reads_listings_to_their_end_and_no_further_than_it_is_asked_to(client: Discue, queue_id: str) -> None:
    sent = client.messages.send_all(queue_id, [{"data": {"number": number}} for number in range(250)])
    assert sorted(it["id"] for it in client.messages.list(queue_id)) == sorted(it["id"] for it in sent)
    counting = Losing(lambda *_: None)
    read = 0
    for _ in counting.client().messages.list(queue_id):
        read += 1
        if read == 40:
            break
    assert (read, len(counting.requests)) == (40, 1)


def test_errors_say_what_is_wrong_with_which_property(client: Discue) -> None:
    with pytest.raises(ValidationError, match=r"^422 .*: /name ") as caught:
        client.queues.create(name="no spaces, please")
    assert caught.value.errors[0]["path"] == "/name"
    assert caught.value.request_id


def test_what_broke_or_was_refused_for_the_moment_is_sent_again_with_the_same_key_and_counts_once(
    client: Discue, queue_id: str
) -> None:
    lost = after_it_was_done(httpx.HTTPTransport(), 2)
    busy = httpx.Response(503, headers={"retry-after": "0"}, text="busy")
    losing = Losing(lambda tries, request: busy if tries == 1 else lost(tries, request))
    sent = losing.client().messages.send(queue_id, "x")
    assert len(losing.requests) == 3
    assert len({request.headers["idempotency-key"] for request in losing.requests}) == 1
    assert [it["id"] for it in client.messages.list(queue_id)] == [sent["id"]]


def test_a_secret_is_rotated_once_and_what_was_deleted_while_the_answer_was_lost_is_deleted(
    client: Discue, queue_id: str
) -> None:
    listener = client.listeners.create(queue_id, name="shop", notify_url="http://127.0.0.1:9/")
    losing = Losing(after_it_was_done(httpx.HTTPTransport(), 1))
    with pytest.raises(ConnectionFailedError):
        losing.client().listeners.update(queue_id, listener["id"], secret="rotate")
    assert [request.method for request in losing.requests] == ["PATCH"]
    losing = Losing(after_it_was_done(httpx.HTTPTransport(), 1))
    losing.client().listeners.delete(queue_id, listener["id"])
    assert [request.method for request in losing.requests] == ["DELETE", "DELETE"]
    with pytest.raises(NotFoundError):
        client.listeners.delete(queue_id, listener["id"])


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_an_id_that_would_name_something_else_reaches_no_server(client: Discue, segment: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        client.queues.delete(segment)


def test_gives_up_after_its_tries_with_the_last_failure() -> None:
    busy = Losing(lambda *_: httpx.Response(503, headers={"retry-after": "0"}))
    with pytest.raises(UnavailableError):
        busy.client(retries=2).queues.create(name="x")
    assert len(busy.requests) == 3
    refused = Losing(lambda *_: httpx.Response(400, text="<html>a proxy</html>"))
    with pytest.raises(ApiError, match="400 Bad Request"):
        refused.client().queues.create(name="x")
    assert len(refused.requests) == 1
    with pytest.raises(ConnectionFailedError):
        Discue("http://127.0.0.1:1", "k", retries=0).queues.create(name="x")


def test_an_answer_that_never_ends_is_none(client: Discue, queue_id: str) -> None:
    def endless() -> typing.Iterator[bytes]:
        while True:
            yield b" "

    late = Losing(lambda *_: httpx.Response(200, content=endless()))
    impatient = Discue(URL, API_KEY, retries=0, timeout_ms=50, http=httpx.Client(transport=late))
    with pytest.raises(ConnectionFailedError, match="no answer within 50 ms"):
        impatient.queues.get(queue_id)


def test_one_queue_of_a_name_is_made_however_many_ask_for_it_at_once(client: Discue, queue_id: str) -> None:
    made: list[str] = []
    asking = [
        threading.Thread(target=lambda: made.append(client.queues.ensure(f"asked-{queue_id}")["id"])) for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert (len(made), len(set(made))) == (4, 1)


def test_bytes_are_sent_and_read_as_they_are(client: Discue, queue_id: str) -> None:
    body = bytes(range(256))
    sent = [client.messages.send(queue_id, body, content_type="image/png")]
    sent += client.messages.send_all(queue_id, [{"data": body}, {"data_base64": base64.b64encode(body).decode()}])
    read = [client.messages.get(it["id"]) for it in sent]
    assert [bytes_of(it) for it in read] == [body] * 3
    assert [it["content_type"] for it in read] == ["image/png", "application/octet-stream", "application/octet-stream"]
    assert bytes_of(client.messages.get(client.messages.send(queue_id, "ü")["id"])) == "ü".encode()


def test_does_the_same_in_an_event_loop(queue_id: str) -> None:
    async def scenario() -> None:
        async with AsyncDiscue(URL, API_KEY) as client:
            await client.messages.send_all(queue_id, [{"data": number} for number in range(120)])
            assert len([it async for it in client.messages.list(queue_id)]) == 120
            async with asyncio.timeout(5):
                listener = await client.listeners.create(queue_id, name="puller")
                pulling = asyncio.create_task(client.leases.pull(queue_id, listener["id"], wait_ms=30_000))
                await asyncio.sleep(0.05)
                pulling.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await pulling
            assert (await client.request("GET", "/stats/messages"))["aggregated_api_usage_events"]

    asyncio.run(scenario())


def test_a_message_to_send_says_all_that_the_api_takes() -> None:
    taken = set(typing.get_type_hints(types.CreateMessageRequest))
    assert set(typing.get_type_hints(NewMessage)) == taken - {"data", "data_base64"}

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter

import pytest
from conftest import API_KEY, PATIENCE_S, URL, wait_for

from discue import AsyncDiscue, AsyncPullWorker, Discue, Lease, PullWorker
from discue.types import PulledMessage

RETRY = {"initial_delay": 10, "max_delay": 10}


@pytest.fixture
def listener_id(client: Discue, queue_id: str) -> str:
    return client.listeners.create(queue_id, name="worker", retry=RETRY)["id"]  # type: ignore[arg-type]


def acknowledged(client: Discue, queue_id: str, listener_id: str) -> int:
    return client.listeners.get(queue_id, listener_id)["messages"]["acknowledged_count"]


def pulled_again(client: Discue, queue_id: str, listener_id: str) -> list[tuple[str, int]]:
    return [(it["data"], it["attempt"]) for it in client.leases.pull(queue_id, listener_id, wait_ms=5_000)]


class Once:
    """Counts what is handled; the seventh fails the first time."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, message: PulledMessage) -> None:
        with self._lock:
            self.seen[message["data"]] += 1
            times = self.seen[message["data"]]
        if message["data"] == "7" and times == 1:
            raise RuntimeError("again, please")


def send_forty(client: Discue, queue_id: str) -> None:
    client.messages.send_all(queue_id, [{"data": number} for number in range(40)])


def test_threads_handle_what_waits_side_by_side_and_give_back_what_fails(
    client: Discue, queue_id: str, listener_id: str
) -> None:
    once, errors = Once(), list[BaseException]()
    together = threading.Barrier(5)

    def handle(message: PulledMessage, _: Lease) -> None:
        if int(message["data"]) < 5 and once.seen[message["data"]] == 0:
            # Passed by five at a time only.
            together.wait(PATIENCE_S)
        once(message)

    worker = PullWorker(
        client,
        queue_id=queue_id,
        listener_id=listener_id,
        concurrency=5,
        handle=handle,
        retry_delay_ms=lambda *_: 0,
        on_error=errors.append,
    )
    send_forty(client, queue_id)
    running = threading.Thread(target=worker.run)
    running.start()
    wait_for("40 acknowledged messages", lambda: acknowledged(client, queue_id, listener_id) == 40)
    worker.stop()
    running.join(PATIENCE_S)
    assert not running.is_alive()
    assert (once.seen["7"], once.seen.total(), [str(it) for it in errors]) == (2, 41, ["again, please"])


def test_a_thread_keeps_its_message_past_the_time_of_its_lease(client: Discue, queue_id: str, listener_id: str) -> None:
    attempts: list[bool] = []

    def handle(_: PulledMessage, lease: Lease) -> None:
        attempts.append(lease.wait(2.5))

    worker = PullWorker(client, queue_id=queue_id, listener_id=listener_id, handle=handle, lease_ms=1_000)
    running = threading.Thread(target=worker.run)
    running.start()
    client.messages.send(queue_id, "slow")
    wait_for("the acknowledged message", lambda: acknowledged(client, queue_id, listener_id) == 1)
    worker.stop()
    running.join(PATIENCE_S)
    assert attempts == [False]


def test_threads_are_told_of_a_stop_and_what_they_do_not_finish_is_given_back(
    client: Discue, queue_id: str, listener_id: str
) -> None:
    began, told = threading.Event(), threading.Event()

    def handle(_: PulledMessage, lease: Lease) -> None:
        began.set()
        if lease.wait(PATIENCE_S):
            told.set()

    worker = PullWorker(client, queue_id=queue_id, listener_id=listener_id, handle=handle)
    running = threading.Thread(target=worker.run)
    running.start()
    client.messages.send(queue_id, "endless")
    assert began.wait(PATIENCE_S)
    worker.stop(grace_ms=10)
    running.join(PATIENCE_S)
    assert told.wait(PATIENCE_S)
    assert pulled_again(client, queue_id, listener_id) == [("endless", 2)]


def test_a_handler_whose_lease_was_lost_is_told_and_its_acknowledgement_does_not_count(
    client: Discue, queue_id: str, listener_id: str
) -> None:
    outcomes: list[str] = []

    async def scenario() -> None:
        async def handle(message: PulledMessage) -> None:
            if message["attempt"] > 1:
                outcomes.append("again")
                return
            # Another client says that it failed: from then on the lease is none.
            await asyncio.to_thread(client.leases.nack, queue_id, listener_id, [message["receipt"]], delay_ms=0)
            try:
                await asyncio.sleep(PATIENCE_S)
            except asyncio.CancelledError:
                outcomes.append("cancelled")
                raise

        async with AsyncDiscue(URL, API_KEY) as patient:
            worker = AsyncPullWorker(patient, queue_id=queue_id, listener_id=listener_id, handle=handle, lease_ms=1_000)
            running = asyncio.create_task(worker.run())
            await asyncio.to_thread(
                wait_for, "the acknowledged message", lambda: acknowledged(client, queue_id, listener_id) == 1
            )
            await asyncio.to_thread(wait_for, "the handler that is told", lambda: "cancelled" in outcomes)
            worker.stop()
            await running

    client.messages.send(queue_id, "stolen")
    asyncio.run(scenario())
    assert sorted(outcomes) == ["again", "cancelled"]


def test_a_loop_handles_what_waits_keeps_it_and_stops(client: Discue, queue_id: str, listener_id: str) -> None:
    once, errors = Once(), list[BaseException]()

    async def scenario() -> None:
        async def handle(message: PulledMessage) -> None:
            if message["data"] == "endless":
                await asyncio.Event().wait()
            # The first one takes longer than its lease.
            await asyncio.sleep(1.5 if message["data"] == "0" else 0)
            once(message)

        async with AsyncDiscue(URL, API_KEY) as patient:
            worker = AsyncPullWorker(
                patient,
                queue_id=queue_id,
                listener_id=listener_id,
                handle=handle,
                concurrency=5,
                lease_ms=1_000,
                retry_delay_ms=lambda *_: 0,
                on_error=errors.append,
            )
            running = asyncio.create_task(worker.run())
            send_forty(client, queue_id)
            await asyncio.to_thread(
                wait_for, "40 acknowledged messages", lambda: acknowledged(client, queue_id, listener_id) == 40
            )
            await patient.messages.send(queue_id, "endless")
            await asyncio.to_thread(wait_for, "the endless one", lambda: len(worker._running) == 1)
            began = time.monotonic()
            worker.stop(grace_ms=10)
            await running
            assert time.monotonic() - began < PATIENCE_S

    asyncio.run(scenario())
    assert (once.seen["0"], once.seen["7"], once.seen.total()) == (1, 2, 41)
    assert [str(it) for it in errors] == ["again, please"]
    assert pulled_again(client, queue_id, listener_id) == [("endless", 2)]


def test_a_handler_that_would_never_run_acknowledges_nothing(client: Discue, queue_id: str, listener_id: str) -> None:
    errors = list[BaseException]()

    async def handle(_: PulledMessage, __: Lease) -> None:
        raise AssertionError("it ran")

    def heard(error: BaseException) -> None:
        errors.append(error)
        worker.stop()

    worker = PullWorker(client, queue_id=queue_id, listener_id=listener_id, handle=handle, on_error=heard)
    client.messages.send(queue_id, "asynchronous")
    worker.run()
    assert "AsyncPullWorker" in str(errors[0])
    assert acknowledged(client, queue_id, listener_id) == 0


def test_an_ordinary_function_handles_in_a_loop_too(client: Discue, queue_id: str, listener_id: str) -> None:
    async def work() -> None:
        async with AsyncDiscue(URL, API_KEY) as loop_client:
            worker = AsyncPullWorker(
                loop_client, queue_id=queue_id, listener_id=listener_id, handle=lambda _: worker.stop()
            )
            await loop_client.messages.send(queue_id, "ordinary")
            await asyncio.wait_for(worker.run(), PATIENCE_S)

    asyncio.run(work())
    assert acknowledged(client, queue_id, listener_id) == 1


def test_what_no_thread_can_be_started_for_is_given_back_at_once(
    client: Discue, queue_id: str, listener_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled, errors = list[str](), list[BaseException]()
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name.endswith("(_work)") and not errors:
            raise RuntimeError("can't start new thread")
        start(thread)

    def handle(message: PulledMessage, _: Lease) -> None:
        handled.append(message["data"])
        if len(handled) == 2:
            worker.stop()

    monkeypatch.setattr(threading.Thread, "start", refused)
    worker = PullWorker(client, queue_id=queue_id, listener_id=listener_id, handle=handle, on_error=errors.append)
    client.messages.send_all(queue_id, [{"data": "a"}, {"data": "b"}])
    worker.run()
    assert sorted(handled) == ["a", "b"]
    assert "new thread" in str(errors[0])

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import sys
import threading
import time
from collections.abc import Mapping

import django
import pytest
from conftest import Served, wait_for
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from discue import AsyncReceiver, Delivery, Discue, MemoryDeduplication, Receiver, WebhookError, verify
from discue.deduplication import State
from discue.django import django_receiver
from discue.fastapi import fastapi_receiver
from discue.flask import flask_receiver

SECRET = "whsec_" + base64.b64encode(b"a-secret-of-24-bytes-long").decode()
OTHER = "whsec_" + base64.b64encode(b"another-one-of-24-bytes-!").decode()


def signed(body: bytes, *, secret: str = SECRET, message_id: str = "a", at: float | None = None) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest).decode()
    return {"Webhook-Id": message_id, "Webhook-Timestamp": timestamp, "Webhook-Signature": f"v1,eA== {signature}"}


def test_takes_one_of_several_signatures_by_one_of_several_secrets_over_the_bytes() -> None:
    delivery = verify(b'{"a": 1}', signed(b'{"a": 1}'), [OTHER, SECRET])
    assert (delivery.id, delivery.json(), delivery.sequence) == ("a", {"a": 1}, None)
    with pytest.raises(WebhookError, match="no signature fits"):
        verify(b'{"a":1}', signed(b'{"a": 1}'), SECRET)
    with pytest.raises(TypeError, match="the bytes as they came"):
        verify({"a": 1}, signed(b""), SECRET)  # type: ignore[arg-type]


@pytest.mark.parametrize("drift_s", [-301, 301])
def test_takes_none_whose_clock_is_too_far(drift_s: int) -> None:
    at = 1_800_000_000.0
    with pytest.raises(WebhookError) as caught:
        verify(b"", signed(b"", at=at + drift_s), SECRET, now=lambda: at)
    assert caught.value.reason == "too_old"
    assert verify(b"", signed(b"", at=at + drift_s), SECRET, now=lambda: at, tolerance_ms=301_000).id == "a"


@pytest.mark.parametrize("timestamp", ["", "-1", "nan", "1e9", "²", "9" * 400])
def test_a_timestamp_that_is_none_is_refused_as_such(timestamp: str) -> None:
    headers = {**signed(b""), "Webhook-Timestamp": timestamp}
    with pytest.raises(WebhookError):
        verify(b"", headers, SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!"])
def test_a_secret_that_is_none_takes_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and base64"):
        verify(b"", signed(b"", secret="whsec_"), secret)


PRIVATE = Ed25519PrivateKey.from_private_bytes(b"a private key, of 32 bytes long.")
PUBLIC = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()


def signed_privately(body: bytes) -> dict[str, str]:
    headers = signed(body)
    signature = base64.b64encode(PRIVATE.sign(f"a.{headers['Webhook-Timestamp']}.".encode() + body)).decode()
    return {**headers, "Webhook-Signature": f"v1,{signature} v1a,eA== v1a,{signature}"}


def test_takes_what_a_private_key_signed_by_its_public_key_beside_a_secret() -> None:
    headers = signed_privately(b"x")
    assert verify(b"x", headers, PUBLIC).body == b"x"
    assert verify(b"x", headers, [SECRET, PUBLIC]).body == b"x"
    assert verify(b"x", signed(b"x"), [PUBLIC, SECRET]).body == b"x"


def test_takes_nothing_else_by_a_public_key() -> None:
    other = "whpk_" + base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    right = signed_privately(b"x")
    as_secret = {**right, "Webhook-Signature": right["Webhook-Signature"].replace("v1a,", "v1,")}
    for body, headers, key in ((b"y", right, PUBLIC), (b"x", right, other), (b"x", as_secret, PUBLIC)):
        with pytest.raises(WebhookError, match="no signature fits"):
            verify(body, headers, key)
    for key in ("whpk_", "whpk_!!", "whpk_" + base64.b64encode(b"short").decode()):
        with pytest.raises(ValueError, match="whpk_ and the base64 of 32 bytes"):
            verify(b"x", right, key)


def test_says_what_to_install_where_a_public_key_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ImportError, match=r"discue-client\[public-keys\]"):
        verify(b"x", signed_privately(b"x"), PUBLIC)


class Broken:
    def begin(self, message_id: str, /) -> State:
        return "new"

    def finish(self, message_id: str, /) -> None:
        raise OSError("the disk is full")

    abandon = finish


def test_answers_also_where_its_store_fails_and_where_its_report_of_that_does() -> None:
    def failing(error: BaseException) -> None:
        raise error

    receiver = Receiver(secret=SECRET, handle=print, deduplication=Broken(), on_error=failing)
    assert receiver.receive(b"{}", signed(b"{}")).status == 500
    waiting = AsyncReceiver(secret=SECRET, handle=print, deduplication=Broken(), on_error=failing)
    assert asyncio.run(waiting.receive(b"{}", signed(b"{}"))).status == 500


def test_what_is_handled_at_this_moment_is_not_handled_beside_it() -> None:
    entered, leave = threading.Event(), threading.Event()

    def handle(_: Delivery) -> None:
        entered.set()
        leave.wait(10)

    receiver = Receiver(secret=SECRET, handle=handle, deduplication=MemoryDeduplication())
    first = threading.Thread(target=receiver.receive, args=(b"", signed(b"")))
    first.start()
    entered.wait(10)
    second = receiver.receive(b"", signed(b""))
    assert (second.status, second.headers) == (409, {"retry-after": "1"})
    leave.set()
    first.join()
    assert receiver.receive(b"", signed(b"")).status == 204


def test_forgets_the_oldest_that_is_done_and_nothing_that_runs() -> None:
    store = MemoryDeduplication(most=2)
    assert [store.begin("a"), store.begin("b")] == ["new", "new"]
    store.finish("b")
    assert store.begin("c") == "new"
    assert [store.begin("a"), store.begin("b")] == ["running", "new"]


class Handled:
    """A handler that fails the first time."""

    def __init__(self) -> None:
        self.data: list[object] = []
        self._fails = True

    def __call__(self, delivery: Delivery) -> None:
        if self._fails:
            self._fails = False
            raise RuntimeError("not today")
        self.data.append(delivery.json())


def receiver_of(handled: Handled, secret: str = SECRET) -> Receiver:
    return Receiver(secret=secret, handle=handled, deduplication=MemoryDeduplication(), on_error=lambda _: None)


class Late:
    """An application that is put together after its listener was made, whose secret it needs."""

    application: object = None

    def __call__(self, environ: object, start_response: object) -> object:
        return self.application(environ, start_response)  # type: ignore[operator]


def delivered(client: Discue, queue_id: str, url: str) -> str:
    """A listener there, whose first attempt fails; answers with its secret."""
    retry = {"initial_delay": 10, "max_delay": 10, "max_attempts": 5}
    return client.listeners.create(queue_id, name="shop", notify_url=url, retry=retry)["secret"]  # type: ignore[arg-type]


def test_flask_gets_what_was_sent_verified_once_for_each_message(client: Discue, queue_id: str, serve: Served) -> None:
    late, handled = Late(), Handled()
    secret = delivered(client, queue_id, serve(late))  # type: ignore[arg-type]
    late.application = flask_app(receiver_of(handled, secret))
    sent = client.messages.send(queue_id, {"order": "ünïcödé ✓"})
    wait_for("the delivery", lambda: client.messages.get(sent["id"])["status"] == "delivered")
    assert handled.data == [{"order": "ünïcödé ✓"}]


def flask_app(receiver: Receiver) -> Flask:
    app = Flask(__name__)
    app.post("/orders")(flask_receiver(receiver))
    return app


def django_app(receiver: Receiver) -> WSGIHandler:
    patterns = (path("orders", django_receiver(receiver)),)
    if not settings.configured:
        settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF=patterns)
        django.setup()
    settings.ROOT_URLCONF = patterns
    return WSGIHandler()


def fastapi_client(receiver: Receiver | AsyncReceiver) -> TestClient:
    app = FastAPI()
    app.post("/orders")(fastapi_receiver(receiver))
    return TestClient(app)


def test_django_gets_what_was_sent_verified_once_for_each_message(client: Discue, queue_id: str, serve: Served) -> None:
    late, handled = Late(), Handled()
    secret = delivered(client, queue_id, serve(late))  # type: ignore[arg-type]
    late.application = django_app(receiver_of(handled, secret))
    sent = client.messages.send(queue_id, {"order": 1})
    wait_for("the delivery", lambda: client.messages.get(sent["id"])["status"] == "delivered")
    assert handled.data == [{"order": 1}]


def test_takes_what_the_server_signed_with_a_private_key(client: Discue, queue_id: str, serve: Served) -> None:
    late, handled = Late(), Handled()
    retry = {"initial_delay": 10, "max_delay": 10, "max_attempts": 5}
    url = serve(late)  # type: ignore[arg-type]
    listener = client.listeners.create(queue_id, name="shop", notify_url=url, retry=retry, signature="v1a")  # type: ignore[arg-type]
    late.application = flask_app(receiver_of(handled, listener["public_key"]))
    sent = client.messages.send(queue_id, {"order": 1})
    wait_for("the delivery", lambda: client.messages.get(sent["id"])["status"] == "delivered")
    assert handled.data == [{"order": 1}]


Answer = tuple[int, Mapping[str, str]]


def ask(framework: str, receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    if framework == "flask":
        return flask_app(receiver).test_client().post("/orders", data=body, headers=headers).status_code
    if framework == "fastapi":
        return fastapi_client(receiver).post("/orders", content=body, headers=headers).status_code
    django_app(receiver)
    from django.test import Client

    return Client().post("/orders", data=body, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize("framework", ["flask", "fastapi", "django"])
def test_each_framework_says_what_became_of_it(framework: str) -> None:
    receiver = receiver_of(Handled())
    body = b'{"order": 1}'
    assert ask(framework, receiver, body, signed(body)) == 500
    assert ask(framework, receiver, body, signed(body)) == 204
    assert ask(framework, receiver, body, signed(body)) == 204
    assert ask(framework, receiver, body, signed(body, secret=OTHER)) == 400
    assert ask(framework, receiver, body, {}) == 400
    huge = b" " * (2 * 1024 * 1024)
    assert ask(framework, receiver, huge, signed(huge)) == 413


def test_fastapi_awaits_a_handler_and_its_store() -> None:
    handled: list[object] = []

    class Store:
        async def begin(self, message_id: str, /) -> State:
            return "done" if message_id in handled else "new"

        async def finish(self, message_id: str, /) -> None:
            handled.append(message_id)

        async def abandon(self, message_id: str, /) -> None:
            raise AssertionError("it was handled")

    async def handle(delivery: Delivery) -> None:
        await asyncio.sleep(0)
        handled.append(delivery.data)

    asking = fastapi_client(AsyncReceiver(secret=SECRET, handle=handle, deduplication=Store()))
    assert [asking.post("/orders", content=b"x", headers=signed(b"x")).status_code for _ in range(2)] == [204, 204]
    assert handled == ["x", "a"]


def test_bytes_that_are_no_text_come_as_they_are() -> None:
    body = bytes(range(256))
    delivery = verify(body, {**signed(body), "Content-Type": "image/png"}, SECRET)
    assert (delivery.body, delivery.content_type) == (body, "image/png")
    with pytest.raises(UnicodeDecodeError):
        _ = delivery.data


def test_a_handler_that_would_never_run_is_a_failure_and_no_acknowledgement() -> None:
    errors: list[BaseException] = []

    async def handle(_: Delivery) -> None:
        raise AssertionError("it ran")

    receiver = Receiver(secret=SECRET, handle=handle, on_error=errors.append)
    assert receiver.receive(b"{}", signed(b"{}")).status == 500
    assert "AsyncReceiver" in str(errors[0])

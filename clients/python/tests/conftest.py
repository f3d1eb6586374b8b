"""The server that the tests speak to is started by whoever starts them: ``DISCUE_URL``, ``DISCUE_API_KEY``."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import pytest

from discue import Discue

URL = os.environ["DISCUE_URL"]
API_KEY = os.environ["DISCUE_API_KEY"]
PATIENCE_S = 30.0

_numbers = itertools.count()


@pytest.fixture
def client() -> Iterator[Discue]:
    with Discue(URL, API_KEY) as opened:
        yield opened


@pytest.fixture
def queue_id(client: Discue) -> str:
    """A queue of the test's own."""
    return client.queues.create(name=f"python-{os.getpid()}-{next(_numbers)}")["id"]


def wait_for(what: str, condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come within {PATIENCE_S} s")
        time.sleep(0.01)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


Served = Callable[[WSGIApplication], str]


@pytest.fixture
def serve() -> Iterator[Served]:
    """Serves WSGI applications on free ports until the end of the test; answers with their URLs."""
    servers: list[WSGIServer] = []

    def start(application: WSGIApplication) -> str:
        server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/orders"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()

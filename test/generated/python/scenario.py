"""What the client that openapi-python-client generates must be able to do, against a running server."""

import json
import sys
from urllib.parse import parse_qs, urlparse

from generated_client import AuthenticatedClient
from generated_client.api.listeners import create_listener
from generated_client.api.messages import create_message, list_messages
from generated_client.api.queues import create_queue, delete_queue, get_queue
from generated_client.models import (
    CreateListenerRequest,
    CreateListenerResult,
    CreateMessageRequest,
    CreateMessageResult,
    CreateQueueRequest,
    Deleted,
    MessageList,
    Problem,
    QueueEnvelope,
)
from generated_client.types import UNSET, Unset

base_url, key = sys.argv[1:]
client = AuthenticatedClient(
    base_url=base_url, token=key, prefix="", auth_header_name="X-API-KEY", raise_on_unexpected_status=True
)

made = create_queue.sync(client=client, body=CreateQueueRequest(name="from-python"))
assert isinstance(made, QueueEnvelope), made
queue_id = made.queue.id

listener = create_listener.sync(
    queue_id, client=client, body=CreateListenerRequest(name="shop", notify_url="http://127.0.0.1:9/orders")
)
assert isinstance(listener, CreateListenerResult), listener
assert isinstance(listener.listener.secret, str) and listener.listener.secret.startswith("whsec_")

for number in (1, 2, 3):
    message = create_message.sync(
        queue_id,
        client=client,
        body=CreateMessageRequest(data=json.dumps({"number": number}), delay=60_000),
        idempotency_key=f"order-{number}",
    )
    assert isinstance(message, CreateMessageResult), message

seen: list[int] = []
cursor: str | Unset = UNSET
for page in (1, 2):
    listing = list_messages.sync(queue_id, client=client, per_page=2, field_embed=True, cursor=cursor)
    assert isinstance(listing, MessageList), listing
    assert not isinstance(listing.field_embedded, Unset)
    texts = [message.data for message in listing.field_embedded.messages if not isinstance(message.data, Unset)]
    seen += [json.loads(text)["number"] for text in texts]
    following = listing.field_links.additional_properties.get("next")
    assert (following is not None) == (page == 1), "a second page, and no third one"
    if following is not None:
        cursor = parse_qs(urlparse(following.href).query)["cursor"][0]
assert seen == [3, 2, 1], seen

taken = create_queue.sync(client=client, body=CreateQueueRequest(name="from-python"))
assert isinstance(taken, Problem) and taken.status == 422, taken
assert not isinstance(taken.errors, Unset) and taken.errors[0].path == "/name"
nowhere = get_queue.sync("00VbugnoyVluTsdf2eOBu", client=client)
assert isinstance(nowhere, Problem) and nowhere.status == 404, nowhere

deleted = delete_queue.sync(queue_id, client=client)
assert isinstance(deleted, Deleted), deleted
print("done")

"""What the API takes and answers. Made of docs/api/openapi.json by `npm run openapi`: change the routes, not this file."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

AuthType: TypeAlias = Literal["basic", "bearer", "oauth2"]

# what becomes of due times at which no server was running: the newest runs while it is less than a minute past (none), the newest runs (last), or each runs (all)
CatchUp: TypeAlias = Literal["none", "last", "all"]

# of oauth2: client_id and client_secret in a header (the default), or in the body
ClientStyle: TypeAlias = Literal["basic", "body"]

CreateScheduleRequest: TypeAlias = "CreateScheduleRequestCron | CreateScheduleRequestEvery | CreateScheduleRequestAt"

# how a delivery is sent; GET carries no body, and its signature is that of an empty one
DeliveryMethod: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE", "GET"]

# `expired` where the message expired, `discarded` where the listener was deleted before it had the message
DeliveryStatus: TypeAlias = Literal["pending", "delivered", "missed", "expired", "discarded"]

LeftOutReason: TypeAlias = Literal["filter"]

Links: TypeAlias = "dict[str, Link]"

ListedDeliveryStatus: TypeAlias = Literal["pending", "missed", "delivered"]

# disabled: messages are stored, none is delivered
ListenerStatus: TypeAlias = Literal["enabled", "disabled"]

LivenessState: TypeAlias = Literal["stable", "unstable", "down", "unknown"]

# derived from the deliveries; `unrouted` where its queue had no listener when it was accepted, or none whose filter it fits, so that no listener gets it; `expired` where it expired before a listener had it; `discarded` where a listener was deleted before it had it
MessageStatus: TypeAlias = Literal["scheduled", "pending", "delivered", "missed", "expired", "discarded", "unrouted"]

# what follows a missed message where the order counts
OnMissed: TypeAlias = Literal["continue", "block"]

# deliver in the order of acceptance: within the queue, or among messages of one key
Ordering: TypeAlias = Literal["none", "queue", "key"]

# whether a due time makes its message while the message of the one before it is still pending (allow), or is passed over (skip)
Overlap: TypeAlias = Literal["allow", "skip"]

PreviewScheduleRequest: TypeAlias = "PreviewScheduleRequestCron | PreviewScheduleRequestEvery | PreviewScheduleRequestAt"

# v1: HMAC-SHA256 with a shared secret; v1a: Ed25519, which receivers verify by the public key alone
SignatureVersion: TypeAlias = Literal["v1", "v1a"]

UsageEventType: TypeAlias = Literal["api_key_added", "api_key_updated", "api_key_deleted", "queue_added", "queue_updated", "queue_deleted", "listener_added", "listener_updated", "listener_deleted", "message_added", "message_published_ok", "message_published_not_ok"]

# `disabled`: the listener is; `domain`: its domain is not verified; `paused`: its queue is; `order`: the message before it (`behind`); `lease`: a client has pulled it; `due`: its time; `retry`: the pause after a failed attempt; `pull`: a client that pulls it; `down`: the listener is down, or its circuit breaker open; `proxy`: the proxy of the server failed; `rate_limit`: the rate that the listener allows, or a `Retry-After` of its receiver; `concurrency`: attempts under way; `sending`: nothing.
WaitReason: TypeAlias = Literal["disabled", "domain", "paused", "order", "lease", "due", "retry", "pull", "down", "proxy", "rate_limit", "concurrency", "sending"]


class AcknowledgeMessagesRequest(TypedDict):
    receipts: list[str]


class AcknowledgeMessagesResult(TypedDict):
    acknowledged: int
    lost: list[str]
    """receipts of leases that were over"""
    _links: SelfLink


class AdvanceClockRequest(TypedDict):
    ms: int
    """how far to go, in milliseconds"""


class AdvanceClockResult(TypedDict):
    clock: AdvanceClockResultClock
    _links: SelfLink


class AdvanceClockResultClock(TypedDict):
    now: int
    """milliseconds since the Unix epoch"""


class ApiClient(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    status: Literal["active", "frozen"]
    limits: Limits
    created_at: int
    """milliseconds since the Unix epoch"""
    updated_at: int
    """milliseconds since the Unix epoch"""
    root: NotRequired[bool]
    """the one that the root key belongs to"""


class ApiClientEnvelope(TypedDict):
    api_client: ApiClient
    _links: SelfLink


class ApiClientList(TypedDict):
    api_clients: list[ApiClientRef]
    _embedded: NotRequired[ApiClientListEmbedded]
    _links: Links


class ApiClientListEmbedded(TypedDict):
    api_clients: list[ApiClient]


class ApiClientRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class ApiKey(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    """its id where it was given none"""
    created_at: int
    """milliseconds since the Unix epoch"""
    updated_at: int
    """milliseconds since the Unix epoch"""
    last_used_at: int | None
    """milliseconds since the Unix epoch"""
    key: str
    """the first 3 characters"""
    status: str
    scopes: list[ApiKeyScope]
    owner: NotRequired[bool]


class ApiKeyEnvelope(TypedDict):
    api_key: ApiKey
    _links: SelfLink


class ApiKeyList(TypedDict):
    api_keys: list[ApiKeyRef]
    _embedded: NotRequired[ApiKeyListEmbedded]
    _links: Links


class ApiKeyListEmbedded(TypedDict):
    api_keys: list[ApiKey]


class ApiKeyRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class ApiKeyScope(TypedDict):
    resource: str
    access: str
    targets: Any


class Attempt(TypedDict):
    listener_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    number: int
    """counts from 1 for each message and listener"""
    started_at: int
    """milliseconds since the Unix epoch"""
    duration: int
    """milliseconds"""
    status: NotRequired[int]
    """of the answer, where there was one"""
    error: NotRequired[str]
    """why there was no answer that could be judged"""
    response: str
    """the first KiB of it; without an answer, what went wrong in words"""


class AttemptList(TypedDict):
    attempts: list[Attempt]
    _links: Links


class Check(TypedDict):
    passed: bool
    """a delivery would be acknowledged"""
    phases: list[CheckPhase]
    addresses: list[str]
    """of the target, those that may be connected to"""
    status: NotRequired[int]
    """of the answer, where there was one"""
    response: str
    """the first KiB of it; without an answer, what went wrong in words"""


class CheckListenerResult(TypedDict):
    check: Check
    _links: SelfLink


class CheckPhase(TypedDict):
    name: Literal["token", "resolve", "target", "connect", "tls", "send"]
    verdict: Literal["passed", "failed", "skipped", "not_needed"]
    """skipped: one before it failed; not_needed: an address needs no resolving, plain HTTP no TLS"""
    duration: int
    """milliseconds"""
    error: NotRequired[str]
    """why it failed, in the words of attempts"""
    message: NotRequired[str]
    """the same in words"""


class CountRedeliveryResult(TypedDict):
    count: RedeliveryCount
    _links: Links


class CreateApiClientRequest(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    limits: NotRequired[LimitsChange]


class CreateApiClientResult(TypedDict):
    api_client: ApiClientRef
    api_key: NotRequired[str]
    """its owner key, shown only here, not in a repeated answer"""
    _links: SelfLink


class CreateApiKeyRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    status: NotRequired[Literal["enabled", "disabled"]]
    scopes: NotRequired[list[NewScope]]
    owner: NotRequired[bool]


class CreateApiKeyResult(TypedDict):
    api_key: NotRequired[str]
    """the key, shown only here, not in a repeated answer"""
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    """its id where it was given none"""
    _links: SelfLink


class CreateDomainRequest(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    hostname: str
    """the name of a host, without scheme, port or path"""
    port: NotRequired[int]
    """of HTTPS; 443 unless told"""


class CreateListenerRequest(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    notify_url: NotRequired[str | None]
    """an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled"""
    liveness_url: NotRequired[str | None]
    """an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered"""
    retry: NotRequired[RetryChange]
    timeout: NotRequired[int]
    """milliseconds"""
    max_concurrency: NotRequired[int]
    status: NotRequired[ListenerStatus]
    rate_limit: NotRequired[RateLimit | None]
    ordering: NotRequired[Ordering]
    on_missed: NotRequired[OnMissed]
    method: NotRequired[DeliveryMethod]
    circuit_breaker: NotRequired[bool]
    """false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down"""
    signature: NotRequired[SignatureVersion | list[SignatureVersion]]
    """must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)"""
    headers: NotRequired[dict[str, str]]
    """sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name"""
    auth: NotRequired[ListenerAuth | None]
    tls: NotRequired[ListenerTls | None]
    filter: NotRequired[dict[str, Any] | None]
    """which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes"""
    secret: NotRequired[str]
    private_key: NotRequired[str]


class CreateListenerResult(TypedDict):
    listener: CreatedListener
    _links: SelfLink


class CreateMessageRequest(TypedDict):
    data: NotRequired[str]
    """at most 256 KiB of UTF-8; required unless data_base64 is there"""
    data_base64: NotRequired[str]
    """bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema"""
    content_type: NotRequired[str]
    """the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64"""
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    key: NotRequired[str]
    """1 to 128 characters; listeners with ordering by key go by it"""
    deliver_at: NotRequired[int]
    """when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds"""
    delay: NotRequired[int]
    """milliseconds from now, instead of deliver_at"""
    expires_at: NotRequired[int]
    """when it expires, in milliseconds since the Unix epoch: a delivery that is not under way by then is never made. It must be later than the time at which the message is due, by at most 366 days"""
    expires_in: NotRequired[int]
    """milliseconds from the time at which it is due, instead of expires_at"""
    headers: NotRequired[dict[str, str]]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""


class CreateMessageResult(TypedDict):
    message: MessageRef
    _links: SelfLink


class CreateMessagesRequest(TypedDict):
    messages: list[CreateMessageRequest]
    """must be an array of 1 to 1000 messages"""


class CreateMessagesResult(TypedDict):
    messages: list[MessageRef]
    _links: SelfLink


class CreateQueueRequest(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    schema: NotRequired[Any]
    """a map of property to rule, or null for none"""
    paused: NotRequired[bool]
    """messages are stored, and none is delivered until this is false"""


class CreateRedeliveryRequest(TypedDict):
    since: NotRequired[int]
    """accepted then or later; however old where left out"""
    until: NotRequired[int]
    """accepted before then; up to now where left out"""
    status: NotRequired[Literal["pending", "delivered", "missed", "all"]]
    """only deliveries that stand like this when their turn comes; missed unless told"""
    now: NotRequired[bool]
    """whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time"""


class CreateScheduleRequestAt(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    data: NotRequired[str]
    """of each message: at most 256 KiB of UTF-8; required unless data_base64 is there"""
    data_base64: NotRequired[str]
    """bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema"""
    at: int
    """once, in milliseconds since the Unix epoch"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    content_type: NotRequired[str | None]
    """the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64"""
    message_name: NotRequired[str | None]
    """the name of each message"""
    key: NotRequired[str | None]
    """the key of each message, 1 to 128 characters; listeners with ordering by key go by it"""
    headers: NotRequired[dict[str, str] | None]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""
    expires_in: NotRequired[int | None]
    """milliseconds after it is made, in which each message is delivered or expires"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""
    paused: NotRequired[bool]
    """a pause skips what falls into it"""
    catch_up: NotRequired[CatchUp]
    overlap: NotRequired[Overlap]
    jitter: NotRequired[int]
    """milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times"""


class CreateScheduleRequestCron(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    data: NotRequired[str]
    """of each message: at most 256 KiB of UTF-8; required unless data_base64 is there"""
    data_base64: NotRequired[str]
    """bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema"""
    cron: str
    """5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    content_type: NotRequired[str | None]
    """the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64"""
    message_name: NotRequired[str | None]
    """the name of each message"""
    key: NotRequired[str | None]
    """the key of each message, 1 to 128 characters; listeners with ordering by key go by it"""
    headers: NotRequired[dict[str, str] | None]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""
    expires_in: NotRequired[int | None]
    """milliseconds after it is made, in which each message is delivered or expires"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""
    paused: NotRequired[bool]
    """a pause skips what falls into it"""
    catch_up: NotRequired[CatchUp]
    overlap: NotRequired[Overlap]
    jitter: NotRequired[int]
    """milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times"""


class CreateScheduleRequestEvery(TypedDict):
    name: str
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    data: NotRequired[str]
    """of each message: at most 256 KiB of UTF-8; required unless data_base64 is there"""
    data_base64: NotRequired[str]
    """bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema"""
    every: int | str
    """milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    content_type: NotRequired[str | None]
    """the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64"""
    message_name: NotRequired[str | None]
    """the name of each message"""
    key: NotRequired[str | None]
    """the key of each message, 1 to 128 characters; listeners with ordering by key go by it"""
    headers: NotRequired[dict[str, str] | None]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""
    expires_in: NotRequired[int | None]
    """milliseconds after it is made, in which each message is delivered or expires"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""
    paused: NotRequired[bool]
    """a pause skips what falls into it"""
    catch_up: NotRequired[CatchUp]
    overlap: NotRequired[Overlap]
    jitter: NotRequired[int]
    """milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times"""


class CreatedListener(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    public_key: NotRequired[str]
    """with v1a: whpk_ and the base64 of the public key that verifies the signatures"""
    secret: NotRequired[str]
    """shown only here, not in a repeated answer"""


class Deleted(TypedDict):
    _links: SelfLink


class DeliveryLatency(TypedDict):
    """milliseconds from when a message was due to its acknowledgement, at most 10 % off"""

    count: int
    p50: int | None
    p95: int | None
    p99: int | None


class Discard(TypedDict):
    id: NotRequired[str]
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    matched: int
    """deliveries that were ended so far, or that would be"""
    done: bool
    """whether all were looked at, and nothing of them is on its way any more; of a dry run, whether all were counted"""
    status: NotRequired[str]
    """pending, scheduled, missed"""
    listener_id: NotRequired[str]
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    since: NotRequired[int]
    """milliseconds since the Unix epoch"""
    until: NotRequired[int]
    """milliseconds since the Unix epoch"""
    contains: NotRequired[str]
    created_at: NotRequired[int]
    """milliseconds since the Unix epoch"""


class DiscardEnvelope(TypedDict):
    discard: Discard
    _links: SelfLink


class DiscardMessagesRequest(TypedDict):
    status: NotRequired[Literal["pending", "scheduled", "missed"]]
    """only deliveries that stand like this when their turn comes; all that are not delivered unless told"""
    listener_id: NotRequired[str]
    """only deliveries to this listener; to all where left out"""
    since: NotRequired[int]
    """accepted then or later; however old where left out"""
    until: NotRequired[int]
    """accepted before then; up to now where left out"""
    contains: NotRequired[str]
    """must be a text of 1 to 1024 characters: only messages whose data contains exactly this"""
    dry_run: NotRequired[bool]
    """whether deliveries are only counted; nothing is changed, and the answer has no id"""


class DiscardedCounts(TypedDict):
    deleted: int
    """with their message"""
    listener_deleted: int
    retention: int
    """missed, and removed by retention"""
    expired: int
    """the message expired before it was delivered"""


class Domain(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    hostname: str
    port: int
    """of HTTPS; 443 unless told"""
    status: Literal["pending", "verified"]
    """verified: listeners can be there"""
    verified_at: int | None
    """milliseconds since the Unix epoch"""
    verified_until: int | None
    """milliseconds since the Unix epoch"""
    https: DomainHttps
    created_at: int
    """milliseconds since the Unix epoch"""
    updated_at: int
    """milliseconds since the Unix epoch"""


class DomainEnvelope(TypedDict):
    domain: Domain
    _links: SelfLink


class DomainHttps(TypedDict):
    """a file with this content at https://hostname:port/context_path/file_name verifies the domain"""

    context_path: str
    file_name: str
    file_content: str
    created_at: int
    """milliseconds since the Unix epoch"""
    expires_at: int
    """milliseconds since the Unix epoch"""


class DomainList(TypedDict):
    domains: list[DomainRef]
    _embedded: NotRequired[DomainListEmbedded]
    _links: Links


class DomainListEmbedded(TypedDict):
    domains: list[Domain]


class DomainRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class ExtendLeasesRequest(TypedDict):
    receipts: list[str]
    lease: int
    """milliseconds from now until they are available again; may be less than what was left"""


class ExtendLeasesResult(TypedDict):
    extended: int
    lost: list[str]
    """receipts of leases that were over"""
    _links: SelfLink


class GetLedgerResult(TypedDict):
    ledger: Ledger
    _links: SelfLink


class GetSchemaResult(TypedDict):
    schema: Any
    """a map of property to rule"""
    _links: SelfLink


class LastAttempt(TypedDict):
    number: int
    """counts from 1 for each message and listener"""
    started_at: int
    """milliseconds since the Unix epoch"""
    duration: int
    """milliseconds"""
    status: NotRequired[int]
    """of the answer, where there was one"""
    error: NotRequired[str]
    """why there was no answer that could be judged"""
    response: str
    """the first KiB of it; without an answer, what went wrong in words"""


class Ledger(TypedDict):
    since: NotRequired[int]
    """milliseconds since the Unix epoch"""
    until: NotRequired[int]
    """milliseconds since the Unix epoch"""
    accepted: int
    """the sum of all that follows"""
    delivered: int
    pending: int
    scheduled: int
    missed: int
    discarded: DiscardedCounts
    unaccounted: int
    """has neither an end nor a next step; must be 0"""
    unaccounted_pairs: list[LedgerUnaccountedPair]
    """the first 100"""
    queues: list[LedgerQueue]


class LedgerQueue(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    accepted: int
    """the sum of all that follows"""
    delivered: int
    pending: int
    scheduled: int
    missed: int
    discarded: DiscardedCounts
    unaccounted: int
    """has neither an end nor a next step; must be 0"""
    listeners: list[ListenerLedger]


class LedgerUnaccountedPair(TypedDict):
    queue_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    message_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    listener_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""


class Limits(TypedDict):
    queues: int | None
    """null means no limit"""
    listeners: int | None
    """null means no limit"""
    api_keys: int | None
    """null means no limit"""
    schedules: int | None
    """null means no limit"""
    stored_messages: int | None
    """null means no limit"""
    messages_per_day: int | None
    """null means no limit"""
    requests_per_minute: int | None
    """null means no limit"""


class LimitsChange(TypedDict):
    queues: NotRequired[int | None]
    """null means no limit"""
    listeners: NotRequired[int | None]
    """null means no limit"""
    api_keys: NotRequired[int | None]
    """null means no limit"""
    schedules: NotRequired[int | None]
    """null means no limit"""
    stored_messages: NotRequired[int | None]
    """null means no limit"""
    messages_per_day: NotRequired[int | None]
    """null means no limit"""
    requests_per_minute: NotRequired[int | None]
    """null means no limit"""


class Link(TypedDict):
    href: str


class Listener(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    liveness: ListenerLiveness
    messages: ListenerMessages
    notify_url: str | None
    liveness_url: str | None
    retry: RetryPolicy
    timeout: int
    max_concurrency: int
    status: ListenerStatus
    awaits_verification: NotRequired[bool]
    """true: nothing is sent to it until the domain of its URLs is verified"""
    rate_limit: RateLimit | None
    ordering: Ordering
    on_missed: OnMissed
    method: DeliveryMethod
    circuit_breaker: bool
    """false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down"""
    signature: SignatureVersion | list[SignatureVersion]
    """must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)"""
    public_key: NotRequired[str]
    """with v1a: whpk_ and the base64 of the public key that verifies the signatures"""
    headers: dict[str, str]
    """sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name"""
    auth: ListenerAuth | None
    tls: ListenerTls | None
    filter: dict[str, Any] | None
    """which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes"""


class ListenerAttempt(TypedDict):
    message: MessageRef
    number: int
    """counts from 1 for each message and listener"""
    started_at: int
    """milliseconds since the Unix epoch"""
    duration: int
    """milliseconds"""
    status: NotRequired[int]
    """of the answer, where there was one"""
    error: NotRequired[str]
    """why there was no answer that could be judged"""
    response: str
    """the first KiB of it; without an answer, what went wrong in words"""


class ListenerAttemptList(TypedDict):
    attempts: list[ListenerAttempt]
    _links: Links


class ListenerAuth(TypedDict):
    """how deliveries say who sends them: by a user name and password (basic), by a token (bearer), or by a token that the server fetches with the client credentials grant (oauth2); each type has properties of its own"""

    type: AuthType
    username: NotRequired[str]
    """of basic"""
    password: NotRequired[str]
    """of basic; write-only: answers show ***, and *** in a change keeps the value that is stored"""
    token: NotRequired[str]
    """of bearer; write-only: answers show ***, and *** in a change keeps the value that is stored"""
    token_url: NotRequired[str]
    """of oauth2"""
    client_id: NotRequired[str]
    """of oauth2"""
    client_secret: NotRequired[str]
    """of oauth2; write-only: answers show ***, and *** in a change keeps the value that is stored"""
    scopes: NotRequired[list[str]]
    """of oauth2"""
    audience: NotRequired[str | None]
    """of oauth2"""
    style: NotRequired[ClientStyle]


class ListenerDelivery(TypedDict):
    message: MessageRef
    key: NotRequired[str]
    status: ListedDeliveryStatus
    accepted_at: int
    """milliseconds since the Unix epoch"""
    attempts: int
    next_attempt_at: int | None
    """milliseconds since the Unix epoch"""
    missed_at: NotRequired[int]
    """milliseconds since the Unix epoch"""
    reason: NotRequired[str]
    """why it was given up"""
    waits_for: NotRequired[WaitReason]
    behind: NotRequired[OrderHead]
    last_attempt: NotRequired[LastAttempt]


class ListenerDeliveryList(TypedDict):
    deliveries: list[ListenerDelivery]
    _links: Links


class ListenerEnvelope(TypedDict):
    listener: Listener
    _links: SelfLink


class ListenerLedger(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    deleted_at: NotRequired[int]
    """milliseconds since the Unix epoch"""
    accepted: int
    """the sum of all that follows"""
    delivered: int
    pending: int
    scheduled: int
    missed: int
    discarded: DiscardedCounts
    unaccounted: int
    """has neither an end nor a next step; must be 0"""


class ListenerList(TypedDict):
    listeners: list[ListenerRef]
    _embedded: NotRequired[ListenerListEmbedded]
    _links: Links


class ListenerListEmbedded(TypedDict):
    listeners: list[Listener]


class ListenerLiveness(TypedDict):
    """by checks of the liveness_url; without one by deliveries"""

    state: LivenessState
    success_count: int
    last_success_at: int | None
    """milliseconds since the Unix epoch"""
    failure_count: int
    last_failure_status: int | None
    last_failure_at: int | None
    """milliseconds since the Unix epoch"""
    last_failure_msg: str | None


class ListenerMessages(TypedDict):
    acknowledged_count: int
    last_success_at: int | None
    """milliseconds since the Unix epoch"""
    last_failure_at: int | None
    """milliseconds since the Unix epoch"""
    missed: list[str]
    missed_count: int
    pending_count: int
    """deliveries that still wait"""


class ListenerRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class ListenerTls(TypedDict):
    """how TLS is spoken with the notify_url and the liveness_url"""

    ca: NotRequired[str | None]
    """the authorities that are trusted, in PEM, in place of the well-known ones"""
    cert: NotRequired[str | None]
    """the certificate that the server shows, in PEM, and behind it what leads to its authority"""
    key: NotRequired[str | None]
    """the private key of cert, in PEM, without a passphrase; write-only: answers show ***, and *** in a change keeps it"""
    server_name: NotRequired[str | None]
    """what is asked for, and what the certificate must be for, where it is not the host of the URL"""
    verify: NotRequired[bool]
    """false: any certificate will do; only where the operator has set DISCUE_INSECURE_TLS=allowed"""


class ListenerWithSecret(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    liveness: ListenerLiveness
    messages: ListenerMessages
    notify_url: str | None
    liveness_url: str | None
    retry: RetryPolicy
    timeout: int
    max_concurrency: int
    status: ListenerStatus
    awaits_verification: NotRequired[bool]
    """true: nothing is sent to it until the domain of its URLs is verified"""
    rate_limit: RateLimit | None
    ordering: Ordering
    on_missed: OnMissed
    method: DeliveryMethod
    circuit_breaker: bool
    """false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down"""
    signature: SignatureVersion | list[SignatureVersion]
    """must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)"""
    public_key: NotRequired[str]
    """with v1a: whpk_ and the base64 of the public key that verifies the signatures"""
    headers: dict[str, str]
    """sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name"""
    auth: ListenerAuth | None
    tls: ListenerTls | None
    filter: dict[str, Any] | None
    """which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes"""
    secret: NotRequired[str]
    """where it was changed"""


class ListenerWithSecretEnvelope(TypedDict):
    listener: ListenerWithSecret
    _links: SelfLink


LivenessChange = TypedDict(
    "LivenessChange",
    {
        "at": "int",
        "from": "LivenessState",
        "state": "LivenessState",
        "message": "NotRequired[str]",
    },
)


class LivenessChangeList(TypedDict):
    changes: list[LivenessChange]
    _links: Links


class Message(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    """its id where it was given none"""
    key: NotRequired[str]
    data: NotRequired[str]
    """unless it is bytes"""
    data_base64: NotRequired[str]
    """of bytes"""
    content_type: NotRequired[str]
    """where one was given, and of bytes"""
    headers: NotRequired[dict[str, str]]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""
    created_at: int
    """milliseconds since the Unix epoch"""
    deliver_at: int
    """milliseconds since the Unix epoch"""
    expires_at: NotRequired[int]
    """milliseconds since the Unix epoch"""
    status: MessageStatus
    deliveries: list[MessageDelivery]
    left_out: NotRequired[list[MessageLeftOut]]
    """where one message is read: the listeners that were there and do not get it; none where it is left out"""


class MessageDelivery(TypedDict):
    listener_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    status: DeliveryStatus
    attempts: int
    last_attempt_at: int | None
    """milliseconds since the Unix epoch"""
    next_attempt_at: int | None
    """milliseconds since the Unix epoch"""


class MessageEnvelope(TypedDict):
    message: Message
    _links: SelfLink


class MessageLeftOut(TypedDict):
    listener_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    reason: LeftOutReason
    failed: NotRequired[str]
    """what the message is not that the filter asks for, as a JSON pointer into it; only while the filter is the one by which it was left out"""


class MessageList(TypedDict):
    messages: list[MessageRef]
    _embedded: NotRequired[MessageListEmbedded]
    _links: Links


class MessageListEmbedded(TypedDict):
    messages: list[Message]


class MessageRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class MessageStats(TypedDict):
    aggregated_api_usage_events: MessageStatsWindows
    series: NotRequired[list[MessageStatsPeriod]]
    queues: NotRequired[list[MessageStatsQueue]]
    listeners: NotRequired[list[MessageStatsListener]]
    _links: SelfLink


class MessageStatsListener(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    delivery_latency: DeliveryLatency
    queue_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    counts: MessageStatsListenerCounts


class MessageStatsListenerCounts(TypedDict):
    listener_added: int
    listener_updated: int
    listener_deleted: int
    message_published_ok: int
    message_published_not_ok: int


class MessageStatsPeriod(TypedDict):
    start: int
    """milliseconds since the Unix epoch"""
    counts: UsageCounts
    delivery_latency: DeliveryLatency


class MessageStatsQueue(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    delivery_latency: DeliveryLatency
    counts: MessageStatsQueueCounts


class MessageStatsQueueCounts(TypedDict):
    queue_added: int
    queue_updated: int
    queue_deleted: int
    listener_added: int
    listener_updated: int
    listener_deleted: int
    message_added: int
    message_published_ok: int
    message_published_not_ok: int


class MessageStatsWindows(TypedDict):
    last_24_hours: UsageCounts
    last_1_hours: UsageCounts
    today_so_far: UsageCounts


class NewScope(TypedDict):
    resource: Literal["events", "queues", "listeners", "messages", "schemas", "stats", "schedules", "domains", "channels", "topics", "api_clients", "api_keys", "subscriptions"]
    access: Literal["read", "write"]
    targets: Literal["*"] | list[str]
    """must be '*', ['*'], or an array of at most 1000 ids"""


class OrderHead(TypedDict):
    """the message that comes before it in the order"""

    message_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    missed: bool
    """it was missed, and blocks those behind it"""


class PreviewScheduleRequestAt(TypedDict):
    at: int
    """once, in milliseconds since the Unix epoch"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""


class PreviewScheduleRequestCron(TypedDict):
    cron: str
    """5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""


class PreviewScheduleRequestEvery(TypedDict):
    every: int | str
    """milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""


class PreviewScheduleResult(TypedDict):
    words: str
    """when it would be due, in English"""
    next_runs: list[int]
    """the next ten due times; fewer where it ends"""
    _links: SelfLink


class Problem(TypedDict):
    title: str
    """the reason phrase of the status"""
    status: int
    detail: NotRequired[str]
    errors: NotRequired[list[ProblemError]]


class ProblemError(TypedDict):
    path: str
    """a JSON pointer into the body, or the name of a parameter or header"""
    message: str


class PullMessagesRequest(TypedDict):
    max: NotRequired[int]
    """messages at most; 1 unless told"""
    wait: NotRequired[int]
    """milliseconds to wait where there is no message; 0 unless told"""
    lease: NotRequired[int]
    """milliseconds until they are available again; 30000 unless told"""


class PullMessagesResult(TypedDict):
    messages: list[PulledMessage]
    _links: SelfLink


class PulledMessage(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    """its id where it was given none"""
    data: NotRequired[str]
    """unless it is bytes"""
    data_base64: NotRequired[str]
    """of bytes"""
    content_type: NotRequired[str]
    """where one was given, and of bytes"""
    headers: NotRequired[dict[str, str]]
    """those of the message"""
    receipt: str
    """for ack, nack and extend; worth something until the lease ends"""
    attempt: int
    """which one this is, from 1"""
    sequence: NotRequired[int]
    """counts the messages of a listener that has an order"""


class Queue(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    schema: NotRequired[Any]
    """a map of property to rule"""
    listeners: list[ListenerRef]
    created_at: int
    """milliseconds since the Unix epoch"""
    updated_at: int
    """milliseconds since the Unix epoch"""
    paused: bool
    """messages are stored, and none is delivered until this is false"""
    pending_count: int
    """deliveries that are neither acknowledged nor missed"""


class QueueEnvelope(TypedDict):
    queue: Queue
    _links: Links


class QueueList(TypedDict):
    queues: list[QueueRef]
    _embedded: NotRequired[QueueListEmbedded]
    _links: Links


class QueueListEmbedded(TypedDict):
    queues: list[Queue]


class QueueRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class RateLimit(TypedDict):
    requests: int
    per: int
    """milliseconds"""


class RedeliverMessageRequest(TypedDict):
    listener_ids: NotRequired[list[str]]
    """must be an array of 1 to 1000 ids; all listeners that it was accepted for where left out"""
    now: NotRequired[bool]
    """whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time"""


class Redelivery(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    matched: int
    """deliveries that were begun anew so far"""
    done: bool
    """whether all were looked at"""
    since: NotRequired[int]
    """milliseconds since the Unix epoch"""
    until: NotRequired[int]
    """milliseconds since the Unix epoch"""
    status: str
    """pending, delivered, missed or all"""
    now: bool
    """whether what was not due yet becomes due at once"""
    created_at: int
    """milliseconds since the Unix epoch"""


class RedeliveryCount(TypedDict):
    matched: int
    """deliveries, of those that this answer looked at"""


class RedeliveryEnvelope(TypedDict):
    redelivery: Redelivery
    _links: SelfLink


class RetryChange(TypedDict):
    max_attempts: NotRequired[int]
    initial_delay: NotRequired[int]
    """milliseconds"""
    max_delay: NotRequired[int]
    """milliseconds"""
    multiplier: NotRequired[float]


class RetryPolicy(TypedDict):
    max_attempts: int
    initial_delay: int
    max_delay: int
    multiplier: float


class ReturnMessagesRequest(TypedDict):
    receipts: list[str]
    delay: NotRequired[int]
    """milliseconds; unless told, what the retry policy says"""


class ReturnMessagesResult(TypedDict):
    returned: int
    lost: list[str]
    """receipts of leases that were over"""
    _links: SelfLink


class RunScheduleResult(TypedDict):
    message: MessageRef
    _links: SelfLink


class Schedule(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str
    queue_id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    cron: NotRequired[str]
    every: NotRequired[int | str]
    at: NotRequired[int]
    """milliseconds since the Unix epoch"""
    timezone: str
    data: NotRequired[str]
    """unless it is bytes"""
    data_base64: NotRequired[str]
    """of bytes"""
    content_type: NotRequired[str]
    """where one was given, and of bytes"""
    message_name: str | None
    key: str | None
    headers: dict[str, str] | None
    expires_in: int | None
    starts_at: int | None
    """milliseconds since the Unix epoch"""
    ends_at: int | None
    """milliseconds since the Unix epoch"""
    paused: bool
    catch_up: CatchUp
    overlap: Overlap
    jitter: int
    created_at: int
    """milliseconds since the Unix epoch"""
    updated_at: int
    """milliseconds since the Unix epoch"""
    next_runs: list[int]
    """the next five due times; with jitter, they run up to so much later"""
    last_run_at: int | None
    """milliseconds since the Unix epoch"""
    last_message_id: str | None
    run_count: int
    error: NotRequired[str]
    """why this server cannot read it; it makes no messages"""


class ScheduleEnvelope(TypedDict):
    schedule: Schedule
    _links: SelfLink


class ScheduleList(TypedDict):
    schedules: list[ScheduleRef]
    _embedded: NotRequired[ScheduleListEmbedded]
    _links: Links


class ScheduleListEmbedded(TypedDict):
    schedules: list[Schedule]


class ScheduleRef(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    name: str


class ScheduleRun(TypedDict):
    due_at: int
    """milliseconds since the Unix epoch"""
    ran_at: int
    """milliseconds since the Unix epoch"""
    message_id: str | None
    error: NotRequired[str]
    """why it made no message"""
    skipped: NotRequired[SkippedRuns]


class ScheduleRunList(TypedDict):
    runs: list[ScheduleRun]
    _links: Links


class SelfLink(TypedDict):
    self: Link


class SkippedRuns(TypedDict):
    """due times that were passed over together, and why; due_at is the last"""

    count: int
    first: int
    """milliseconds since the Unix epoch"""
    last: int
    """milliseconds since the Unix epoch"""
    reason: str


class UpdateApiClientRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    status: NotRequired[Literal["active", "frozen"]]
    limits: NotRequired[LimitsChange]
    id: NotRequired[Any]
    created_at: NotRequired[Any]
    updated_at: NotRequired[Any]
    root: NotRequired[Any]


class UpdateApiKeyRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    status: NotRequired[Literal["enabled", "disabled"]]
    scopes: NotRequired[list[NewScope]]
    id: NotRequired[Any]
    created_at: NotRequired[Any]
    updated_at: NotRequired[Any]
    last_used_at: NotRequired[Any]
    key: NotRequired[Any]
    owner: NotRequired[Any]


class UpdateDomainRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    hostname: NotRequired[str]
    """the name of a host, without scheme, port or path"""
    port: NotRequired[int]
    """of HTTPS; 443 unless told"""
    id: NotRequired[Any]
    status: NotRequired[Any]
    verified_at: NotRequired[Any]
    verified_until: NotRequired[Any]
    https: NotRequired[Any]
    created_at: NotRequired[Any]
    updated_at: NotRequired[Any]


class UpdateListenerRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    notify_url: NotRequired[str | None]
    """an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled"""
    liveness_url: NotRequired[str | None]
    """an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered"""
    retry: NotRequired[RetryChange]
    timeout: NotRequired[int]
    """milliseconds"""
    max_concurrency: NotRequired[int]
    status: NotRequired[ListenerStatus]
    rate_limit: NotRequired[RateLimit | None]
    ordering: NotRequired[Ordering]
    on_missed: NotRequired[OnMissed]
    method: NotRequired[DeliveryMethod]
    circuit_breaker: NotRequired[bool]
    """false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down"""
    signature: NotRequired[SignatureVersion | list[SignatureVersion]]
    """must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)"""
    headers: NotRequired[dict[str, str]]
    """sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name"""
    auth: NotRequired[ListenerAuth | None]
    tls: NotRequired[ListenerTls | None]
    filter: NotRequired[dict[str, Any] | None]
    """which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes"""
    secret: NotRequired[str]
    private_key: NotRequired[str]
    id: NotRequired[Any]
    public_key: NotRequired[Any]
    awaits_verification: NotRequired[Any]
    liveness: NotRequired[Any]
    messages: NotRequired[Any]


class UpdateMessageRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    deliver_at: NotRequired[int]
    """when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds"""
    id: NotRequired[Any]
    key: NotRequired[Any]
    data: NotRequired[Any]
    data_base64: NotRequired[Any]
    content_type: NotRequired[Any]
    headers: NotRequired[Any]
    created_at: NotRequired[Any]
    expires_at: NotRequired[Any]
    status: NotRequired[Any]
    deliveries: NotRequired[Any]
    left_out: NotRequired[Any]


class UpdateQueueRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    schema: NotRequired[Any]
    """a map of property to rule, or null for none"""
    paused: NotRequired[bool]
    """messages are stored, and none is delivered until this is false"""
    id: NotRequired[Any]
    listeners: NotRequired[Any]
    created_at: NotRequired[Any]
    updated_at: NotRequired[Any]
    pending_count: NotRequired[Any]


class UpdateScheduleRequest(TypedDict):
    name: NotRequired[str]
    """1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit"""
    data: NotRequired[str]
    """of each message: at most 256 KiB of UTF-8; required unless data_base64 is there"""
    data_base64: NotRequired[str]
    """bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema"""
    cron: NotRequired[str | None]
    """5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone"""
    every: NotRequired[int | str | None]
    """milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation"""
    at: NotRequired[int | None]
    """once, in milliseconds since the Unix epoch"""
    timezone: NotRequired[str]
    """of cron and of a calendar period: the name of an IANA time zone; UTC unless told"""
    content_type: NotRequired[str | None]
    """the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64"""
    message_name: NotRequired[str | None]
    """the name of each message"""
    key: NotRequired[str | None]
    """the key of each message, 1 to 128 characters; listeners with ordering by key go by it"""
    headers: NotRequired[dict[str, str] | None]
    """sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent"""
    expires_in: NotRequired[int | None]
    """milliseconds after it is made, in which each message is delivered or expires"""
    starts_at: NotRequired[int | None]
    """no due time lies before; inclusive"""
    ends_at: NotRequired[int | None]
    """no due time lies behind; inclusive"""
    paused: NotRequired[bool]
    """a pause skips what falls into it"""
    catch_up: NotRequired[CatchUp]
    overlap: NotRequired[Overlap]
    jitter: NotRequired[int]
    """milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times"""
    id: NotRequired[Any]
    queue_id: NotRequired[Any]
    created_at: NotRequired[Any]
    updated_at: NotRequired[Any]
    next_runs: NotRequired[Any]
    last_run_at: NotRequired[Any]
    last_message_id: NotRequired[Any]
    run_count: NotRequired[Any]
    error: NotRequired[Any]


class UsageCounts(TypedDict):
    api_key_added: int
    api_key_updated: int
    api_key_deleted: int
    queue_added: int
    queue_updated: int
    queue_deleted: int
    listener_added: int
    listener_updated: int
    listener_deleted: int
    message_added: int
    message_published_ok: int
    message_published_not_ok: int


class UsageEvent(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""
    type: UsageEventType
    stored_at: int
    """milliseconds since the Unix epoch"""
    client: UsageEventClient
    api_key: NotRequired[ApiKeyRef]
    queue: NotRequired[QueueRef]
    listener: NotRequired[ListenerRef]
    message: NotRequired[MessageRef]
    reason: NotRequired[str]
    """why, where the server did it by itself"""


class UsageEventClient(TypedDict):
    id: str
    """21 characters of 0-9 A-Z a-z, sorted by time of creation"""


class UsageEventList(TypedDict):
    events: list[UsageEvent]
    _links: Links

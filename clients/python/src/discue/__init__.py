"""Client, receivers and pull workers for discue."""

from ._async.client import AsyncDiscue
from ._sync.client import Discue
from .deduplication import AsyncDeduplicationStore, DeduplicationStore, MemoryDeduplication
from .errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    DiscueError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
    ValidationError,
)
from .messages import NewMessage, bytes_of
from .receiver import AsyncReceiver, Receiver, Verdict
from .webhook import Delivery, WebhookError, verify
from .worker import AsyncPullWorker, Lease, PullWorker

__all__ = [
    "ApiError",
    "AsyncDeduplicationStore",
    "AsyncDiscue",
    "AsyncPullWorker",
    "AsyncReceiver",
    "AuthenticationError",
    "ConflictError",
    "ConnectionFailedError",
    "DeduplicationStore",
    "Delivery",
    "Discue",
    "DiscueError",
    "Lease",
    "MemoryDeduplication",
    "NewMessage",
    "NotFoundError",
    "PermissionDeniedError",
    "PullWorker",
    "RateLimitError",
    "Receiver",
    "UnavailableError",
    "ValidationError",
    "Verdict",
    "WebhookError",
    "bytes_of",
    "verify",
]

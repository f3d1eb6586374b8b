"""What a receiver was sent, and whether it comes from the server."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Clock = Callable[[], float]
#: Whether a signature, with its version, fits what was signed.
Judge = Callable[[str, bytes], bool]


@dataclass(frozen=True)
class Delivery:
    """What a receiver was sent, after its signature was verified."""

    #: The message's id, the same on every attempt: know a repetition by it.
    id: str
    #: When this attempt was signed, in ms since the Unix epoch.
    signed_at: int
    #: Exactly what was posted.
    body: bytes
    #: What ``body`` is.
    content_type: str
    queue_id: str
    listener_id: str
    #: From 1.
    attempt: int
    #: With an ``ordering``: counts up by one per message of the listener.
    sequence: int | None
    #: A test message of a preflight check, which is no message.
    is_test: bool

    @property
    def data(self) -> str:
        """``body`` as text. Raises ``UnicodeDecodeError`` where it is none."""
        return self.body.decode()

    def json(self) -> Any:
        """``body`` as JSON. Raises ``ValueError`` where it is none."""
        return json.loads(self.body)


class WebhookError(Exception):
    """Why a request is not taken for a delivery: answer 400 to it."""

    def __init__(self, reason: Literal["missing", "too_old", "mismatch"], message: str):
        super().__init__(message)
        self.reason = reason


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    tolerance_ms: int = 300_000,
    now: Clock = time.time,
) -> Delivery:
    """
    Verifies a request by the Standard Webhooks specification, over the bytes of the body as they came.

    ``secrets`` are the listener's ``whsec_…``, or its public key, ``whpk_…``, for which the extra ``public-keys`` has to be
    installed; of several one has to fit, as while one is replaced by another.
    ``tolerance_ms`` is how far the sender's clock and this one may be apart; ``now`` tells seconds since the Unix epoch.
    Raises ``WebhookError``; ``ValueError`` for a secret that is none; ``ImportError`` for a public key without the extra.
    """
    if not isinstance(body, bytes | bytearray | str):
        raise TypeError(
            "the body must be the bytes as they came, or their text: a parser has made something else of them"
        )
    fields = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (fields.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and timestamp and signatures):
        raise WebhookError("missing", "a request without webhook-id, webhook-timestamp and webhook-signature")
    signed_at = _milliseconds(timestamp)
    if signed_at is None or abs(now() * 1_000 - signed_at) > tolerance_ms:
        raise WebhookError("too_old", f"signed at {timestamp[:32]}, which is too far from this clock")
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if not _fits(f"{message_id}.{timestamp}.".encode() + raw, signatures, secrets):
        raise WebhookError("mismatch", "no signature fits: another secret, or a body that was changed on its way")
    sequence = fields.get("discue-sequence")
    return Delivery(
        id=message_id,
        signed_at=signed_at,
        body=raw,
        content_type=fields.get("content-type", ""),
        queue_id=fields.get("discue-queue", ""),
        listener_id=fields.get("discue-listener", ""),
        attempt=int(fields.get("discue-attempt", 1)),
        sequence=None if sequence is None else int(sequence),
        is_test=fields.get("discue-test") == "true",
    )


def _milliseconds(timestamp: str) -> int | None:
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15
    return int(timestamp) * 1_000 if is_number else None


def _fits(signed: bytes, signatures: str, secrets: str | Sequence[str]) -> bool:
    given = signatures.split(" ")
    judges = [_judge_of(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    return any(judge(signature, signed) for judge in judges for signature in given)


def _judge_of(secret: str) -> Judge:
    if secret.startswith("whpk_"):
        return _public_judge(secret.removeprefix("whpk_"))
    key = _bytes_of(secret.removeprefix("whsec_"))
    # An empty key would take what anybody signs.
    if not key:
        raise ValueError("a secret must be whsec_ and base64")

    def judge(signature: str, signed: bytes) -> bool:
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        return hmac.compare_digest(signature.encode(), expected)

    return judge


def _public_judge(text: str) -> Judge:
    """Judges by Ed25519, which the standard library does not have."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise ImportError("to verify by a public key: pip install 'discue-client[public-keys]'") from error
    raw = _bytes_of(text)
    if len(raw) != 32:
        raise ValueError("a public key must be whpk_ and the base64 of 32 bytes")
    key = Ed25519PublicKey.from_public_bytes(raw)

    def judge(signature: str, signed: bytes) -> bool:
        if not signature.startswith("v1a,"):
            return False
        try:
            key.verify(_bytes_of(signature.removeprefix("v1a,")), signed)
        except InvalidSignature:
            return False
        return True

    return judge


def _bytes_of(text: str) -> bytes:
    """The bytes of a base64 text; empty where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""The signature of Standard Webhooks (id, timestamp, HMAC-SHA256) over a body that need not be text.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import Final

from domain.inbound.call import Call, Forged

OLDEST: Final = 300
"""Seconds, either way."""


def verify(key: bytes, call: Call) -> None:
    """Raise Forged unless a call is signed with the key, and lately."""
    key_id, stamp, given = (call.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not key_id or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Forged
    if abs(datetime.now(UTC).timestamp() - int(stamp)) > OLDEST:
        raise Forged
    signed = f"{key_id}.{stamp}.".encode("utf-8", "surrogateescape") + call.body
    expected = b"v1," + b64encode(hmac.digest(key, signed, "sha256"))
    if not any(hmac.compare_digest(expected, one.encode("utf-8", "surrogateescape")) for one in given.split()):
        raise Forged

"""What is sent: ledger entries in the shape of the API's `ConsentEvent`."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from domain.ledger.events import Event, EvidenceRow

EVENTS: Final = "consent.events"
TEST: Final = "webhook.test"


def events_body(events: Sequence[Event], after: int, upto: int, topics: Mapping[UUID, str]) -> bytes:
    """A delivery. The same entries give the same bytes, unless a person was erased in between."""
    at = events[-1].occurred_at if events else datetime.now(UTC)
    data = {"after": str(after), "upTo": str(upto), "events": [_event(event, topics) for event in events]}
    return _body(EVENTS, at, data)


def test_body(webhook_id: UUID, at: datetime) -> bytes:
    """A test."""
    return _body(TEST, at, {"webhook": {"id": global_id("Webhook", webhook_id)}})


def global_id(kind: str, key: UUID | int) -> str:
    """The id under which the API knows it."""
    return urlsafe_b64encode(f"{kind}:{key}".encode()).rstrip(b"=").decode()


def _body(kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


def _event(event: Event, topics: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": global_id("ConsentEvent", event.position),
        "position": str(event.position),
        "action": event.action,
        "source": event.source,
        "actor": event.actor,
        "contact": _reference("Contact", event.contact_id),
        "channel": event.channel,
        "address": event.address,
        "topic": _topic(event.topic_id, topics),
        "from": event.consent_from,
        "to": event.consent_to,
        "evidence": event.evidence and _evidence(event.evidence),
        "reason": event.reason,
        "bulkOperation": _reference("BulkOperation", event.operation_id),
        "occurredAt": event.occurred_at,
    }


def _reference(kind: str, key: UUID | None) -> dict[str, str] | None:
    return None if key is None else {"id": global_id(kind, key)}


def _topic(key: UUID | None, topics: Mapping[UUID, str]) -> dict[str, str | None] | None:
    return None if key is None else {"id": global_id("Topic", key), "key": topics.get(key)}


def _evidence(evidence: EvidenceRow) -> dict[str, Any]:
    return {
        "method": evidence.method,
        "statement": evidence.statement,
        "obtainedAt": evidence.obtained_at,
        "url": evidence.url,
        "ip": evidence.ip,
        "userAgent": evidence.user_agent,
    }

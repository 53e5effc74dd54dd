"""Why somebody was written to: their messages, and what was answered to those who asked before sending."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.contacts.send import Purpose
from domain.messages.authorized import Authorized
from domain.messages.deliveries import Written
from domain.messages.journeys.missed import Entered
from domain.proof.held import Held
from domain.proof.moments import moment


def rests_on(held: Held, one: Written) -> int | None:
    """The ledger entry that the permission for a message rested on as it went: the last one of the address by then.

    None for one that did not go, and for a transactional mail, which needs no permission.
    """
    if one.went_at is None or one.address_id is None or one.purpose is Purpose.TRANSACTIONAL:
        return None
    return _stood(held, one.address_id, one.went_at)


def message_record(held: Held, one: Written) -> dict[str, Any]:
    """A message: what it was, when it went where, on which permission; or every reason why it did not."""
    entry = rests_on(held, one)
    record = {
        "@type": "assent:Message",
        "template": one.template,
        "purpose": one.purpose,
        "channel": one.channel,
        "topic": held.topic_names.get(one.topic_id) if one.topic_id else None,
        "address": one.address,
        "asked_by": one.actor,
        "asked_at": moment(one.asked_at),
        "sent_at": moment(one.went_at) if one.went_at else None,
        "status": one.status,
        "reasons": list(one.reasons),
        "rests_on": _entry(held, entry),
    }
    return {name: value for name, value in record.items() if value is not None}


def authorization_record(held: Held, one: Authorized) -> dict[str, Any]:
    """What somebody was answered who asked before sending by other means."""
    record = {
        "@type": "assent:SendAuthorization",
        "asked_by": one.actor,
        "answered_at": moment(one.answered_at),
        "purpose": one.purpose,
        "channel": one.channel,
        "topic": held.topic_names.get(one.topic_id) if one.topic_id else None,
        "address": one.address,
        "allowed": one.allowed,
        "reasons": list(one.reasons),
        "rests_on": _entry(held, one.proof),
    }
    return {name: value for name, value in record.items() if value is not None}


def journey_record(one: Entered) -> dict[str, Any]:
    """An occasion of a journey, and what came of it."""
    record = {
        "@type": "assent:JourneyEntry",
        "journey": one.journey,
        "occasion": one.occasion,
        "entered_at": moment(one.entered_at),
        "status": one.status,
        "reasons": list(one.reasons),
        "sent_again_at": moment(one.resent_at) if one.resent_at else None,
    }
    return {name: value for name, value in record.items() if value is not None}


def _stood(held: Held, address_id: UUID, at: datetime) -> int | None:
    found = (
        event.position
        for event in reversed(held.events)
        if event.address_id == address_id and event.consent_to is not None and event.occurred_at <= at
    )
    return next(found, None)


def _entry(held: Held, position: int | None) -> str | None:
    return f"urn:assent:{held.account.id}:{position}" if position is not None else None

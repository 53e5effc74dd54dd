"""What a person is given who asks what is held about them (GDPR art. 15 and 20): everything, as JSON."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.contacts.rows import PointRow
from domain.ledger.events import Event
from domain.messages.authorized import Authorized
from domain.messages.deliveries import Written
from domain.messages.journeys.missed import Entered
from domain.proof.held import Held, held
from domain.proof.moments import moment
from domain.proof.record import event_record
from domain.signups.waiting import Waiting


async def person_data(actor: Actor, contact_id: UUID) -> dict[str, Any]:
    """Everything held about a contact, in plain JSON. Raises DomainError NOT_FOUND.

    Of an address that others share, what was recorded for them is shown without its words: those are theirs.
    """
    everything = await held(actor, contact_id)
    contact = everything.contact
    return {
        "format": "assent-person-1",
        "madeAt": moment(datetime.now(UTC)),
        "controller": {"name": everything.account.name, "postalAddress": everything.account.postal_address},
        "contact": {
            "id": str(contact.id),
            "externalId": contact.external_id,
            "firstName": contact.first_name,
            "lastName": contact.last_name,
            "contactType": contact.contact_type,
            "lifecycle": contact.lifecycle,
            "attributes": contact.attributes,
            "tags": list(everything.tags),
            "groups": list(everything.groups),
            "createdAt": moment(contact.created_at),
            "updatedAt": moment(contact.updated_at),
        },
        "addresses": [_address(everything, point) for point in everything.points],
        "topics": [
            {
                "key": topic.key,
                "name": topic.name,
                "subscribed": switch.subscribed,
                "switchedAt": moment(switch.updated_at) if switch.updated_at else None,
            }
            for topic, switch in everything.topics
        ],
        "sendsAuthorized": [_authorized(everything, one) for one in everything.authorizations],
        "journeys": [_entered(one) for one in everything.journeys],
        "messages": [_written(one) for one in everything.messages],
        "signUpsWaiting": [_signup(everything, one) for one in everything.signups],
        "history": [_event(everything, event) for event in everything.events],
    }


def _signup(everything: Held, one: Waiting) -> dict[str, Any]:
    return {
        "receivedAt": moment(one.received_at),
        "email": one.email,
        "phone": one.phone,
        "firstName": one.first_name,
        "lastName": one.last_name,
        "channels": list(one.channels),
        "topics": [everything.topic_names[key] for key in one.topics if key in everything.topic_names],
        "formUrl": one.form_url,
        "wording": one.wording,
        "language": one.language,
        "ip": one.ip,
        "userAgent": one.user_agent,
    }


def _written(one: Written) -> dict[str, Any]:
    return {
        "template": one.template,
        "channel": one.channel,
        "address": one.address,
        "purpose": one.purpose,
        "askedAt": moment(one.asked_at),
        "status": one.status,
        "reasons": list(one.reasons),
        "endedAt": moment(one.ended_at) if one.ended_at else None,
        "data": dict(one.data),
    }


def _authorized(everything: Held, one: Authorized) -> dict[str, Any]:
    return {
        "at": moment(one.answered_at),
        "by": one.actor,
        "purpose": one.purpose,
        "channel": one.channel,
        "topic": everything.topic_names.get(one.topic_id) if one.topic_id else None,
        "allowed": one.allowed,
        "reasons": list(one.reasons),
        "address": one.address,
    }


def _entered(one: Entered) -> dict[str, Any]:
    return {
        "journey": one.journey,
        "occasion": one.occasion,
        "at": moment(one.entered_at),
        "status": one.status,
        "reasons": list(one.reasons),
        "sentAgainAt": moment(one.resent_at) if one.resent_at else None,
    }


def _address(everything: Held, point: PointRow) -> dict[str, Any]:
    trouble = everything.troubles.get(point.address_id)
    return {
        "channel": point.channel,
        "slot": point.slot,
        "value": point.value,
        "permission": point.consent,
        "permissionSince": moment(point.consent_at) if point.consent_at else None,
        "confirmationRequestedAt": moment(point.confirmation_requested_at) if point.confirmation_requested_at else None,
        "deliverability": point.deliverability,
        "softBounces": trouble.soft_bounces if trouble else 0,
        "deliveryDetail": trouble.detail if trouble else None,
    }


def _event(everything: Held, event: Event) -> dict[str, Any]:
    record = event_record(everything, event)
    theirs = event.contact_id not in (None, everything.contact.id)
    hidden = {"notice", "reason"} if theirs else set()
    kept = {name: value for name, value in record.items() if name not in hidden and not name.startswith("@")}
    return kept | {"position": event.position}

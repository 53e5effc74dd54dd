"""A consent record in the shape of ISO/IEC TS 27560:2023, as JSON-LD with the terms of the Data Privacy Vocabulary.

The names of the standard's fields are the keys; the context says which DPV term each means, as in the community's guide
"Implementing ISO/IEC TS 27560:2023 using DPV" (https://w3id.org/dpv/guides/consent-27560).
"""

from datetime import datetime
from typing import Any, Final

from domain.ledger.events import Event
from domain.proof.held import Held
from domain.proof.moments import moment
from domain.proof.sends import authorization_record, journey_record, message_record
from domain.values import Channel, ConsentAction, ConsentStatus

SCHEMA: Final = "https://www.iso.org/standard/80392.html"
CONTEXT: Final[dict[str, Any]] = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "assent": "urn:assent:terms:",
    "schema_version": "dct:conformsTo",
    "record_id": "dct:identifier",
    "record_created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "pii_principal_id": {"@id": "dpv:hasDataSubject", "@type": "@id"},
    "party_identification": "dpv:hasDataController",
    "party_name": "dpv:hasName",
    "party_address": "dpv:hasAddress",
    "party_type": {"@id": "dct:type", "@type": "@id"},
    "pii_processing": "dpv:hasProcess",
    "purposes": "dpv:hasPurpose",
    "purpose_type": {"@id": "dct:type", "@type": "@id"},
    "lawful_basis": {"@id": "dpv:hasLegalBasis", "@type": "@id"},
    "pii_information": "dpv:hasPersonalData",
    "pii_type": {"@id": "dct:type", "@type": "@id"},
    "event": "dpv:hasRecordOfActivity",
    "event_time": {"@id": "dct:date", "@type": "xsd:dateTime"},
    "event_type": {"@id": "dct:type", "@type": "@id"},
    "event_state": {"@id": "dpv:hasConsentStatus", "@type": "@id"},
    "entity_id": {"@id": "dpv:isIndicatedBy", "@type": "@id"},
    "notice": "dpv:hasNotice",
    "@vocab": "urn:assent:terms:",
}
STATES: Final = {
    ConsentStatus.NON_MARKETABLE: "dpv:ConsentUnknown",
    ConsentStatus.SINGLE_OPT_IN: "dpv:ConsentGiven",
    ConsentStatus.DOUBLE_OPT_IN: "dpv:ConsentGiven",
    ConsentStatus.OPTED_OUT: "dpv:ConsentWithdrawn",
}
"""Single and double differ in what is known of the address, not in whether permission was given."""
DATA: Final = {
    Channel.EMAIL: "pd:EmailAddress",
    Channel.SMS: "pd:TelephoneNumber",
    Channel.CALL: "pd:TelephoneNumber",
    Channel.POST: "pd:PhysicalAddress",
}
_TYPES: Final = {
    ConsentAction.CONFIRMATION_REQUESTED: "dpv:ConsentRequested",
    ConsentAction.OPT_IN: "dpv:ConsentGiven",
    ConsentAction.CONFIRM: "dpv:ConsentGiven",
    ConsentAction.OPT_OUT: "dpv:ConsentWithdrawn",
    ConsentAction.ERASE: "dpv:ConsentInvalidated",
}


def consent_record(held: Held, made_at: datetime) -> dict[str, Any]:
    """The record of one person's permissions as they stand at `made_at`, with every event behind them."""
    contact, account = held.contact, held.account
    return {
        "@context": CONTEXT,
        "@type": "dpv:ConsentRecord",
        "@id": f"urn:uuid:{contact.id}",
        "schema_version": SCHEMA,
        "record_id": f"{contact.id}:{held.events[-1].position if held.events else 0}",
        "record_created": moment(made_at),
        "pii_principal_id": f"urn:uuid:{contact.id}",
        "party_identification": [
            {
                "@id": f"urn:uuid:{account.id}",
                "party_type": "dpv:DataController",
                "party_name": account.name,
                "party_address": account.postal_address,
            }
        ],
        "pii_processing": [_processing(held, channel) for channel in _channels(held)],
        "event": [event_record(held, event) for event in held.events],
        "messages": [message_record(held, one) for one in held.messages],
        "send_authorizations": [authorization_record(held, one) for one in held.authorizations],
        "journeys": [journey_record(one) for one in held.journeys],
    }


def event_record(held: Held, event: Event) -> dict[str, Any]:
    """One ledger entry: what happened, when, by whom, with which words and evidence."""
    state = STATES[event.consent_to] if event.consent_to else _TYPES.get(event.action)
    record = {
        "@id": f"urn:assent:{held.account.id}:{event.position}",
        "@type": "dpv:Record",
        "event_time": moment(event.occurred_at),
        "event_type": f"assent:{event.action}",
        "event_state": state,
        "entity_id": f"assent:{event.actor}",
        "source": event.source,
        "channel": event.channel,
        "address": event.address,
        "topic": held.topic_names.get(event.topic_id) if event.topic_id else None,
        "from": event.consent_from,
        "to": event.consent_to,
        "reason": event.reason,
        "bulk_operation": event.operation_id and str(event.operation_id),
        "notice": _notice(event),
    }
    return {name: value for name, value in record.items() if value is not None}


def _channels(held: Held) -> list[Channel]:
    return list(dict.fromkeys(point.channel for point in held.points))


def _processing(held: Held, channel: Channel) -> dict[str, Any]:
    points = [point for point in held.points if point.channel is channel]
    return {
        "@type": "dpv:Process",
        "purposes": [
            {
                "purpose_type": "dpv:DirectMarketing",
                "channel": channel,
                "lifecycle": held.contact.lifecycle,
                "topics": [{"name": topic.name, "subscribed": switch.subscribed} for topic, switch in held.topics],
            }
        ],
        "lawful_basis": "dpv:Consent",
        "pii_information": [
            {
                "pii_type": DATA[channel],
                "value": point.value,
                "slot": point.slot,
                "event_state": STATES[point.consent],
                "status": point.consent,
                "status_since": moment(point.consent_at) if point.consent_at else None,
                "deliverability": point.deliverability,
                "proof": f"urn:assent:{held.account.id}:{point.proof}" if point.proof is not None else None,
            }
            for point in points
        ],
    }


def _notice(event: Event) -> dict[str, Any] | None:
    found = event.evidence
    if found is None:
        return None
    return {
        "@type": "dpv:ConsentNotice",
        "method": found.method,
        "statement": found.statement,
        "obtained_at": moment(found.obtained_at) if found.obtained_at else None,
        "url": found.url,
        "ip": found.ip,
        "user_agent": found.user_agent,
    }

"""May this be sent, to which address, and if not, why not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.actor import Actor
from domain.contacts.queries import Lookup, find, points, topics
from domain.contacts.rows import ContactRow, PointRow, primary
from domain.errors import not_found
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

REQUEST_HOLDS = timedelta(days=7)
"""How long a recipient's own sign-up or preference request allows a confirmation mail."""

_OWN_REQUEST = """
SELECT EXISTS (SELECT FROM ledger WHERE account_id = $1 AND address_id = $2 AND action = 'CONFIRMATION_REQUESTED'
                  AND source IN ('SIGNUP_FORM', 'PREFERENCE_CENTRE') AND occurred_at >= $3)
"""
_TOPIC = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND id = $2)"


class Purpose(StrEnum):
    """What is to be sent (rules.md, "May this be sent?")."""

    BROADCAST = "BROADCAST"
    JOURNEY = "JOURNEY"
    TRANSACTIONAL = "TRANSACTIONAL"
    CONFIRMATION = "CONFIRMATION"


class SendBlock(StrEnum):
    """Why it may not be sent."""

    UNKNOWN_CONTACT = "UNKNOWN_CONTACT"
    NO_ADDRESS = "NO_ADDRESS"
    NON_MARKETABLE = "NON_MARKETABLE"
    OPTED_OUT = "OPTED_OUT"
    UNDELIVERABLE = "UNDELIVERABLE"
    ARCHIVED = "ARCHIVED"
    TOPIC_OFF = "TOPIC_OFF"


@dataclass(frozen=True, slots=True)
class SendDecision:
    """The answer: every reason, not only the first. `decided_by`: the ledger position of the address's proof."""

    allowed: bool
    point: PointRow | None
    reasons: Sequence[SendBlock]
    would_reactivate: bool
    decided_by: int | None
    consent: ConsentStatus | None = None
    """The address's permission at the moment that was asked about."""
    address: str | None = None
    """Where it would go, or would have gone; None when there was no address, or it was erased since."""
    certain: bool = True
    """False: of several emails held then, the ledger cannot tell the primary one, and the answer holds for all."""
    contact_id: UUID | None = field(default=None, compare=False)


async def send_decision(
    actor: Actor, lookup: Lookup, channel: Channel, purpose: Purpose, topic_id: UUID | None = None
) -> SendDecision:
    """Judge the channel's primary address of one contact as it stands. Raises DomainError NOT_FOUND (field `topic`)."""
    if topic_id is not None and not await pool().fetchval(_TOPIC, actor.account_id, topic_id):
        raise not_found("topic", "topic")
    contact = await find(actor, lookup)
    if contact is None:
        return SendDecision(False, None, [SendBlock.UNKNOWN_CONTACT], False, None)
    point = primary((await points(actor, [contact.id]))[contact.id], channel)
    topic_on = contact.topic_on if topic_id is None else await _topic_on(actor, contact.id, topic_id)
    asked = purpose is Purpose.CONFIRMATION and point is not None and await _asked_lately(actor, point)
    return judge(purpose, contact, point, topic_on=topic_on, asked_lately=asked)


def judge(
    purpose: Purpose, contact: ContactRow, point: PointRow | None, *, topic_on: bool, asked_lately: bool = False
) -> SendDecision:
    """The gate itself, pure (rules.md, "May this be sent?").

    `topic_on`: the topic in question, or at least one when none is. `asked_lately`: the recipient's own sign-up or
    preference request is not older than 7 days.
    """
    address = None if point is None else Standing(point.channel, point.consent, point.deliverability)
    reasons = blocks(purpose, contact.lifecycle, address, topic_on=topic_on, asked_lately=asked_lately)
    wakes = not reasons and contact.lifecycle is Lifecycle.ARCHIVED
    if point is None:
        return SendDecision(not reasons, None, reasons, wakes, None, contact_id=contact.id)
    return SendDecision(
        not reasons, point, reasons, wakes, point.proof, point.consent, point.value or None, contact_id=contact.id
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address stands, or stood."""

    channel: Channel
    consent: ConsentStatus
    deliverability: Deliverability


def blocks(
    purpose: Purpose, lifecycle: Lifecycle, address: Standing | None, *, topic_on: bool, asked_lately: bool
) -> list[SendBlock]:
    """Every reason against a message, in the order of SendBlock; none: it may be sent. Otherwise as `judge`."""
    reasons = [SendBlock.NO_ADDRESS] if address is None else _address_blocks(purpose, address, asked_lately)
    if lifecycle is Lifecycle.ARCHIVED and purpose not in WAKES:
        reasons.append(SendBlock.ARCHIVED)
    if purpose in _MARKETING and not topic_on:
        reasons.append(SendBlock.TOPIC_OFF)
    return reasons


WAKES = (Purpose.JOURNEY, Purpose.TRANSACTIONAL)
"""What activates an archived contact before it is sent."""
_MARKETING = (Purpose.BROADCAST, Purpose.JOURNEY)
_TELEPHONE = (Channel.SMS, Channel.CALL)
_WITHOUT_PERMISSION = {
    ConsentStatus.NON_MARKETABLE: SendBlock.NON_MARKETABLE,
    ConsentStatus.OPTED_OUT: SendBlock.OPTED_OUT,
}


def _address_blocks(purpose: Purpose, point: Standing, asked_lately: bool) -> list[SendBlock]:
    found = []
    missing = _WITHOUT_PERMISSION.get(point.consent)
    if missing and _needs_permission(purpose, point, asked_lately):
        found.append(missing)
    if point.deliverability is Deliverability.ERROR:
        found.append(SendBlock.UNDELIVERABLE)
    return found


def _needs_permission(purpose: Purpose, point: Standing, asked_lately: bool) -> bool:
    if purpose is Purpose.TRANSACTIONAL:
        return point.channel in _TELEPHONE and point.consent is ConsentStatus.OPTED_OUT
    return not (purpose is Purpose.CONFIRMATION and asked_lately)


async def _topic_on(actor: Actor, contact_id: UUID, topic_id: UUID) -> bool:
    found = (await topics(actor, [contact_id]))[contact_id]
    return any(topic.subscribed for topic in found if topic.topic_id == topic_id)


async def _asked_lately(actor: Actor, point: PointRow) -> bool:
    since = datetime.now(UTC) - REQUEST_HOLDS
    return bool(await pool().fetchval(_OWN_REQUEST, actor.account_id, point.address_id, since))

"""Might this be sent at some past moment? Answered from the ledger, whatever has happened since."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.contacts.queries import Lookup, points
from domain.contacts.rows import PointRow, primary
from domain.contacts.send import (
    REQUEST_HOLDS,
    WAKES,
    Purpose,
    SendBlock,
    SendDecision,
    Standing,
    blocks,
    send_decision,
)
from domain.contacts.then import OF_ADDRESSES, OF_CONTACT, Then, contact_then, edges
from domain.errors import invalid, not_found
from domain.infra.db import pool
from domain.values import Channel, ConsentAction, ConsentStatus, Deliverability, Lifecycle

# Of a contact who was erased, switches that the ledger does not name are not known: then the topic counts as off.
_TOPICS: Final = """
SELECT t.id, t.created_at <= $3 AS known, coalesce(w.subscribed, t.default_subscribed AND c.id IS NOT NULL) AS on_now
  FROM topic t
  LEFT JOIN contact c ON c.account_id = $1 AND c.id = $2
  LEFT JOIN topic_switch w ON w.account_id = $1 AND w.contact_id = $2 AND w.topic_id = t.id
 WHERE t.account_id = $1
"""
_LIFECYCLE: Final = "SELECT lifecycle FROM contact_state WHERE account_id = $1 AND contact_id = $2"
_ADDRESSES: Final = """
SELECT id, value, consent, deliverability FROM address WHERE account_id = $1 AND id = ANY ($2::uuid[])
"""
_UNKNOWN: Final = SendDecision(False, None, [SendBlock.UNKNOWN_CONTACT], False, None)
_ORDER: Final = tuple(SendBlock)


@dataclass(frozen=True, slots=True)
class _Address:
    """An address as it stood, and what it is written like now."""

    id: UUID
    value: str | None
    standing: Standing
    asked_lately: bool
    decided_by: int | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a message for a contact would have met."""

    purpose: Purpose
    lifecycle: Lifecycle
    topic_on: bool

    def against(self, address: _Address | None) -> list[SendBlock]:
        """Every reason against sending it to this address."""
        standing, asked = (address.standing, address.asked_lately) if address else (None, False)
        return blocks(self.purpose, self.lifecycle, standing, topic_on=self.topic_on, asked_lately=asked)


async def send_decision_at(
    actor: Actor,
    lookup: Lookup,
    channel: Channel,
    purpose: Purpose,
    topic_id: UUID | None = None,
    at: datetime | None = None,
) -> SendDecision:
    """Judge as of a moment; None: now. Raises DomainError: NOT_FOUND (field `topic`), INVALID for a future one."""
    if at is None:
        return await send_decision(actor, lookup, channel, purpose, topic_id)
    if at > datetime.now(UTC):
        raise invalid("Ask about a moment that is past, or leave `at` out to ask about now.", "at")
    return await _as_of(actor, lookup, channel, purpose, topic_id, at)


async def _as_of(
    actor: Actor, lookup: Lookup, channel: Channel, purpose: Purpose, topic_id: UUID | None, at: datetime
) -> SendDecision:
    """Judge a contact as it stood at a past moment; who is looked up by an address is whoever held it then.

    What cannot be told is answered the safe way (docs/messages.md, "What was true then").
    """
    contact_id = await contact_then(actor, lookup, at)
    topics = await pool().fetch(_TOPICS, actor.account_id, contact_id, at)
    if topic_id is not None and topic_id not in {row["id"] for row in topics}:
        raise not_found("topic", "topic")
    if contact_id is None:
        return _UNKNOWN
    then, held_now, lifecycle = await asyncio.gather(
        edges(OF_CONTACT, actor, contact_id, at, channel),
        points(actor, [contact_id]),
        pool().fetchval(_LIFECYCLE, actor.account_id, contact_id),
    )
    if ("ERASE", None) in then.before:
        return _UNKNOWN
    on = {
        row["id"]
        for row in topics
        if row["known"] and then.was("topic", row["id"], ConsentAction.TOPIC_ON, otherwise=row["on_now"])
    }
    scene = _Scene(purpose, _lifecycle(then, lifecycle), bool(on) if topic_id is None else topic_id in on)
    now = [point for point in held_now[contact_id] if point.channel is channel]
    held, certain = _held(then, now)
    return _decision(contact_id, scene, await _addresses(actor, held, channel, at), now, certain=certain)


def _lifecycle(then: Then, now: str | None) -> Lifecycle:
    archived = then.was("lifecycle", None, ConsentAction.ARCHIVE, otherwise=now == Lifecycle.ARCHIVED)
    return Lifecycle.ARCHIVED if archived else Lifecycle.ACTIVE


def _held(then: Then, now: Sequence[PointRow]) -> tuple[list[UUID], bool]:
    """The addresses that can have been the primary one, and whether it is certain that the first was.

    The ledger names addresses and not slots. When nothing has moved since, the slots are what they were.
    """
    moved = any(kind in ("held", "CONTACT_UPDATED", "ERASE") for kind, _ in then.after)
    if not moved:
        point = primary(now, now[0].channel) if now else None
        return ([point.address_id], True) if point else ([], True)
    current = {point.address_id: point.slot for point in now}
    known = {about for kind, about in [*then.before, *then.after] if kind == "held" and about} | current.keys()
    held = [
        address_id
        for address_id in known
        if then.was("held", address_id, ConsentAction.ADDRESS_ADDED, otherwise=address_id in current)
    ]
    # The likeliest first: what is the primary one now, else what was there the longest.
    held.sort(key=lambda address_id: (current.get(address_id, 9), _since(then, address_id)))
    return held, len(held) < 2


def _since(then: Then, address_id: UUID) -> int:
    added = then.before.get(("held", address_id))
    return added.position if added else 0


async def _addresses(actor: Actor, held: Sequence[UUID], channel: Channel, at: datetime) -> list[_Address]:
    if not held:
        return []
    then, found = await asyncio.gather(
        edges(OF_ADDRESSES, actor, list(held), at, at - REQUEST_HOLDS),
        pool().fetch(_ADDRESSES, actor.account_id, list(held)),
    )
    rows = {row["id"]: row for row in found}
    return [
        _Address(
            address_id,
            rows[address_id]["value"],
            Standing(
                channel,
                then.consent(address_id, ConsentStatus(rows[address_id]["consent"])),
                _deliverability(then, address_id, Deliverability(rows[address_id]["deliverability"])),
            ),
            ("asked", address_id) in then.before,
            last.position if (last := then.before.get(("consent", address_id))) else None,
        )
        for address_id in held
        if address_id in rows
    ]


def _deliverability(then: Then, address_id: UUID, now: Deliverability) -> Deliverability:
    error = now is Deliverability.ERROR
    marked = then.was("deliverability", address_id, ConsentAction.MARK_ERROR, otherwise=error)
    return Deliverability.ERROR if marked else Deliverability.OK


def _decision(
    contact_id: UUID, scene: _Scene, held: Sequence[_Address], now: Sequence[PointRow], *, certain: bool
) -> SendDecision:
    """Of several addresses each must have been allowed; the answer shows the first that was not, else the likeliest."""
    found = {reason for address in held for reason in scene.against(address)} if held else set(scene.against(None))
    reasons = [reason for reason in _ORDER if reason in found]
    shown = next((address for address in held if scene.against(address)), held[0] if held else None)
    wakes = not reasons and scene.lifecycle is Lifecycle.ARCHIVED and scene.purpose in WAKES
    if shown is None:
        return SendDecision(False, None, reasons, wakes, None, certain=certain, contact_id=contact_id)
    point = next((point for point in now if point.address_id == shown.id), None)
    return SendDecision(
        not reasons,
        point,
        reasons,
        wakes,
        shown.decided_by,
        shown.standing.consent,
        shown.value,
        certain,
        contact_id,
    )

"""The press of the button: the address's owner confirms. Once in effect, and harmless again."""

from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.actor import Actor
from domain.consent.change import Context, change_addresses
from domain.consent.evidence import Evidence
from domain.consent.rules import Change, Request
from domain.contacts.switch_topics import lock, switch_all
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, Refusals, not_found
from domain.infra.db import Connection, tx
from domain.ledger.append import Origin
from domain.recipients.visit import Visit
from domain.values import Channel, ConsentSource, ConsentStatus, EvidenceMethod

_READ: Final = """
SELECT c.id, c.address_id, c.requested_at, c.source, c.actor, c.topics, c.phones, c.evidence_id, c.confirmed_at, (
         SELECT contact_id FROM contact_point WHERE account_id = $1 AND address_id = c.address_id) AS contact_id
  FROM confirmation c WHERE c.account_id = $1 AND c.id = $2
"""
_CONSENT: Final = "SELECT consent FROM address WHERE account_id = $1 AND id = $2"
_FIRST: Final = """
UPDATE confirmation SET confirmed_at = $3 WHERE account_id = $1 AND id = $2 AND confirmed_at IS NULL RETURNING id
"""
_FROM: Final = """
UPDATE evidence e SET ip = $3, user_agent = $4 FROM ledger l
 WHERE e.account_id = $1 AND l.account_id = $1 AND l.position = ANY ($2::bigint[]) AND e.id = l.evidence_id
"""
_KNOWN_TOPICS: Final = "SELECT id FROM topic WHERE account_id = $1 AND id = ANY ($2::uuid[])"
_PHONES: Final = """
SELECT a.id, a.channel, a.value FROM address a
 WHERE a.account_id = $1 AND a.id = ANY ($2::uuid[]) AND a.value IS NOT NULL
   AND NOT EXISTS (SELECT FROM contact_point p WHERE p.account_id = $1 AND p.contact_id = $3
                    AND p.channel = a.channel AND p.slot = 1)
"""


class Confirmed(StrEnum):
    """What a press came to."""

    DONE = "DONE"
    """The address is confirmed, now or since before."""
    STALE = "STALE"
    """Its owner has opted out since the mail was asked for; that stands."""


async def confirm(actor: Actor, confirmation_id: UUID, visit: Visit) -> Confirmed:
    """Confirm the address that a link was mailed to, archived or not; the topics and numbers of its form come along.

    A number, which a mail proves nothing about, becomes SINGLE_OPT_IN at most, and takes a free slot of the contact.
    Raises DomainError NOT_FOUND when there is no such request.
    """
    now, account_id = datetime.now(UTC), actor.account_id
    async with tx() as connection:
        row = await connection.fetchrow(_READ, account_id, confirmation_id)
        if row is None:
            raise not_found("confirmation", "token")
        if row["contact_id"]:
            await lock(connection, account_id, [row["contact_id"]])
        await _put_through(connection, actor, row, visit, now)
        consent = await connection.fetchval(_CONSENT, account_id, row["address_id"])
        if consent == ConsentStatus.OPTED_OUT:
            return Confirmed.STALE
        if await connection.fetchval(_FIRST, account_id, confirmation_id, now):
            await _bring_along(connection, actor, row, now)
    return Confirmed.DONE


async def _put_through(connection: Connection, actor: Actor, row: Any, visit: Visit, now: datetime) -> None:
    """Through the door, as new as its request is."""
    asked = f"{row['requested_at']:%Y-%m-%d %H:%M:%S} UTC"
    method = EvidenceMethod.SIGNUP_FORM if row["source"] == "SIGNUP_FORM" else EvidenceMethod.WRITTEN_REQUEST
    statement = f"Pressed the button behind the link that was mailed to this address, as requested on {asked}."
    evidence = Evidence(method, statement, row["requested_at"])
    context = Context(actor.account_id, actor.name, now, evidence)
    request = Request(Change.CONFIRM, ConsentSource.CONFIRMATION_LINK)
    outcome = await change_addresses(connection, request, [row["address_id"]], context)
    await connection.execute(_FROM, actor.account_id, outcome.positions, visit.ip, visit.user_agent)


async def _bring_along(connection: Connection, actor: Actor, row: Any, now: datetime) -> None:
    origin = Origin(actor.account_id, actor.name, ConsentSource.CONFIRMATION_LINK, now, evidence_id=row["evidence_id"])
    topics = [found["id"] for found in await connection.fetch(_KNOWN_TOPICS, actor.account_id, row["topics"])]
    if row["contact_id"] and topics:
        await switch_all(connection, origin, [row["contact_id"]], dict.fromkeys(topics, True))
    if not row["phones"]:
        return
    if row["contact_id"]:
        for phone in await connection.fetch(_PHONES, actor.account_id, row["phones"], row["contact_id"]):
            change = PointChange(Channel(phone["channel"]), phone["value"])
            with suppress(DomainError, Refusals, asyncpg.UniqueViolationError):
                await update_contact(
                    actor,
                    row["contact_id"],
                    ContactChanges(points=[change]),
                    source=ConsentSource.CONFIRMATION_LINK,
                )
    context = Context(actor.account_id, actor.name, now, evidence_id=row["evidence_id"])
    request = Request(Change.OPT_IN, ConsentSource.SIGNUP_FORM)
    await change_addresses(connection, request, row["phones"], context)

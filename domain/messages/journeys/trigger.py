"""Have contacts enter a journey by hand, or because something happened that an integrator tells."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from domain.actor import Actor
from domain.contacts import rules as texts
from domain.contacts import selection as selections
from domain.contacts.queries import Lookup, find
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode, not_found
from domain.infra.db import pool, tx
from domain.messages.journeys.enter import enter, ring
from domain.messages.journeys.rules import MAX_OCCASION

MOST: Final = 100_000
_JOURNEY: Final = "SELECT enabled FROM journey WHERE account_id = $1 AND id = $2"
_OF_EVENT: Final = """
SELECT id FROM journey WHERE account_id = $1 AND trigger = 'EVENT' AND event = $2 AND enabled ORDER BY id
"""
_ONE: Final = "SELECT id FROM contact WHERE account_id = $1 AND id = $2"


async def trigger_journey(actor: Actor, journey_id: UUID, selection: Selection, occasion: str | None = None) -> int:
    """Enter a selection into an occasion, a new one when none is named; answers how many were new to it.

    Any journey can be triggered by hand. Raises DomainError: NOT_FOUND, ALREADY_FINISHED for one that is switched off,
    TOO_LARGE for more than 100,000 contacts, what the selection says.
    """
    name = _occasion(occasion, "occasion")
    enabled = await pool().fetchval(_JOURNEY, actor.account_id, journey_id)
    if enabled is None:
        raise not_found("journey", "journey")
    if not enabled:
        raise DomainError(ErrorCode.ALREADY_FINISHED, "The journey is switched off.", "journey")
    await selections.check(actor, selection)
    if selection.ids is None and await selections.count(actor, selection) > MOST:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST:,} contacts at once.", "selection")
    chosen = selections.statement(actor, selection)
    async with tx() as connection:
        entered = await enter(connection, journey_id, name, datetime.now(UTC), chosen.text, chosen.parameters)
    ring(actor.account_id)
    return entered


async def record_event(actor: Actor, event: str, lookup: Lookup, occasion: str | None = None) -> int:
    """Enter a contact into every journey that waits for an event; answers how many. The same occasion counts once.

    Raises DomainError: NOT_FOUND for the contact, INVALID.
    """
    named = texts.some(texts.line(event, MAX_OCCASION, "event"), "event")
    name = _occasion(occasion, "occasion")
    contact = await find(actor, lookup)
    if contact is None:
        raise not_found("contact", "contact")
    entered = 0
    async with tx() as connection:
        for row in await connection.fetch(_OF_EVENT, actor.account_id, named):
            entered += await enter(connection, row["id"], name, datetime.now(UTC), _ONE, [actor.account_id, contact.id])
    if entered:
        ring(actor.account_id)
    return entered


def _occasion(text: str | None, field: str) -> str:
    return f"at {uuid4()}" if text is None else texts.some(texts.line(text, MAX_OCCASION, field), field)

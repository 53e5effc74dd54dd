"""Journeys and missed messages as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.contacts.send import SendBlock
from domain.infra.db import pool
from domain.messages.journeys.rows import JOURNEY, MISSED, Journey, Missed, journey_of, missed_of
from domain.messages.journeys.rules import EntryStatus
from domain.window import Listing, Page, Window

_JOURNEYS: Final = f"SELECT {JOURNEY} FROM journey j WHERE j.account_id = $1 ORDER BY j.id"
_PAGE: Final = f"""
SELECT {MISSED} FROM journey_entry e
 WHERE e.account_id = $1 AND e.missed_at IS NOT NULL
   AND ($2::uuid IS NULL OR e.journey_id = $2) AND ($3::uuid IS NULL OR e.contact_id = $3)
   AND ($4::text IS NULL OR $4::send_block = ANY (e.reasons))
   AND ($5::boolean IS NULL OR $5 = (e.status = 'MISSED' AND e.expires_at > $6)){{reach}}
 ORDER BY {{order}} LIMIT $7
"""
_NEWEST: Final = Listing(("e.id",), down=True)
_ENTRIES: Final = """
SELECT j.key, e.occasion, e.entered_at, e.status, e.reasons::text[] AS reasons, e.resent_at
  FROM journey_entry e JOIN journey j ON j.account_id = $1 AND j.id = e.journey_id
 WHERE e.account_id = $1 AND e.contact_id = $2 ORDER BY e.id
"""
_BY_IDS: Final = f"""
SELECT {MISSED} FROM journey_entry e
 WHERE e.account_id = $1 AND e.missed_at IS NOT NULL AND e.id = ANY ($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Entered:
    """One occasion of a journey that a contact entered, and what came of it."""

    journey: str
    occasion: str
    entered_at: datetime
    status: EntryStatus
    reasons: Sequence[str]
    resent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MissedFilter:
    """Which missed messages: every condition that is named."""

    journey_id: UUID | None = None
    contact_id: UUID | None = None
    reason: SendBlock | None = None
    waiting: bool | None = None
    """Neither sent again nor expired."""


async def entries_of(actor: Actor, contact_id: UUID) -> list[Entered]:
    """Every occasion that a contact entered, oldest first."""
    rows = await pool().fetch(_ENTRIES, actor.account_id, contact_id)
    return [
        Entered(
            row["key"], row["occasion"], row["entered_at"], EntryStatus(row["status"]), row["reasons"], row["resent_at"]
        )
        for row in rows
    ]


async def journeys(actor: Actor) -> list[Journey]:
    """The account's journeys, oldest first."""
    return [journey_of(row) for row in await pool().fetch(_JOURNEYS, actor.account_id)]


async def missed_page(actor: Actor, window: Window[UUID], where: MissedFilter, now: datetime) -> Page[Missed]:
    """Missed messages, newest first, by their ids. Raises DomainError INVALID for a bad window."""
    given: list[Any] = [actor.account_id, where.journey_id, where.contact_id, where.reason, where.waiting, now]
    given.append(window.size() + 1)
    rows = await pool().fetch(_NEWEST.statement(_PAGE, window, given), *given)
    return window.page([missed_of(row) for row in rows])


async def missed_by_ids(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Missed]:
    """The account's missed messages with these ids; those it does not have are left out."""
    return {row["id"]: missed_of(row) for row in await pool().fetch(_BY_IDS, actor.account_id, list(ids))}

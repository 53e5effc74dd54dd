"""Which contacts changed: the ledger with each contact once, at its latest entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.ledger.horizon import final_position

_ENTRIES: Final = 2_000
"""Entries that a page looks at, at most."""
# An entry about an address is about everybody who holds it, too.
_CHANGES: Final = """
WITH entries AS MATERIALIZED (
  SELECT position, contact_id, address_id FROM ledger
   WHERE account_id = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4
), touched AS (
  SELECT contact_id, position FROM entries WHERE contact_id IS NOT NULL
  UNION ALL
  SELECT p.contact_id, e.position
    FROM entries e JOIN contact_point p ON p.account_id = $1 AND p.address_id = e.address_id
), latest AS (
  SELECT contact_id, max(position) AS position FROM touched GROUP BY 1
)
SELECT l.contact_id, l.position, s.count, s.last
  FROM (SELECT count(*) AS count, max(position) AS last FROM entries) s LEFT JOIN latest l ON true
 ORDER BY l.position, l.contact_id
"""


@dataclass(frozen=True, slots=True)
class ContactChange:
    """A contact that changed. Whoever goes on after `position` misses nothing."""

    contact_id: UUID
    position: int


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Contacts by their latest change, the position up to which these are all, and whether there is more."""

    changes: Sequence[ContactChange]
    upto: int
    more: bool


async def changes(actor: Actor, first: int, after: int = 0, upto: int | None = None) -> ChangePage:
    """The contacts that changed after a position, each once in the page, at its latest change that the page looked at.

    `upto` is a final position already known; asked of the database when left out.
    """
    end = await final_position() if upto is None else upto
    if end <= after or first <= 0:
        return ChangePage([], after, end > after)
    rows = await pool().fetch(_CHANGES, actor.account_id, after, end, _ENTRIES)
    looked, last = rows[0]["count"], rows[0]["last"]
    found = [(row["contact_id"], row["position"]) for row in rows if row["contact_id"] is not None]
    known = _resumable(found)
    # A page that ends among contacts who changed at once has to get past `after` all the same.
    cut = next((n for n in range(first, len(known)) if known[n - 1].position > after), len(known))
    if cut < len(known):
        return ChangePage(known[:cut], known[cut - 1].position, more=True)
    return ChangePage(known, last if looked == _ENTRIES else end, looked == _ENTRIES)


def _resumable(found: Sequence[tuple[UUID, int]]) -> list[ContactChange]:
    """Where several contacts changed at once, only the last of them carries the position, the others the one before."""
    following = [*(position for _, position in found[1:]), None]
    return [
        ContactChange(contact_id, position - 1 if position == next_ else position)
        for (contact_id, position), next_ in zip(found, following, strict=False)
    ]

"""Which contacts changed: the ledger with each contact once, at its latest entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from domain.actor import Actor
from domain.infra.db import pool
from domain.ledger.horizon import final_position
from domain.window import Window

_ENTRIES: Final = 2_000
"""Entries that a page looks at, at most."""
# An entry about an address is about everybody who holds it, too.
_CHANGES: Final = """
WITH entries AS MATERIALIZED (
  SELECT position, contact_id, address_id FROM ledger
   WHERE account_id = $1 AND position >= $2 AND position <= $4 ORDER BY position {} LIMIT $6
), touched AS (
  SELECT contact_id, position FROM entries WHERE contact_id IS NOT NULL
  UNION ALL
  SELECT p.contact_id, e.position
    FROM entries e JOIN contact_point p ON p.account_id = $1 AND p.address_id = e.address_id
), latest AS (
  SELECT contact_id, max(position) AS position FROM touched
   WHERE (position, contact_id) > ($2, $3::uuid) AND (position, contact_id) < ($4, $5::uuid) GROUP BY 1
)
SELECT l.contact_id, l.position, s.count, s.earliest, s.last
  FROM (SELECT count(*) AS count, min(position) AS earliest, max(position) AS last FROM entries) s
  LEFT JOIN (SELECT * FROM latest {}) l ON true
 ORDER BY l.position, l.contact_id
"""
# Whoever changed again after the window's end stands there in the list, not here. Asked for one contact after another:
# as a join the planner would read the ledger from there to its end.
_STANDING: Final = """
 WHERE (SELECT e.position FROM ledger e
         WHERE e.account_id = $1 AND e.contact_id = latest.contact_id AND e.position >= $4 AND e.position <= $7
           AND (e.position, latest.contact_id) >= ($4, $5) ORDER BY e.position LIMIT 1) IS NULL
   AND NOT EXISTS (
     SELECT FROM contact_point p CROSS JOIN LATERAL (
       SELECT FROM ledger e
        WHERE e.account_id = $1 AND e.address_id = p.address_id AND e.position >= $4 AND e.position <= $7
          AND (e.position, latest.contact_id) >= ($4, $5) ORDER BY e.position LIMIT 1) later
      WHERE p.account_id = $1 AND p.contact_id = latest.contact_id)
"""
_LOWEST: Final = UUID(int=0)
_HIGHEST: Final = UUID(int=2**128 - 1)

ChangePlace: TypeAlias = tuple[int, UUID | None]
"""A position of the ledger, and the contact where several changed at once and the place is among them."""
_Edge: TypeAlias = tuple[int, UUID]


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


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """A page of contacts that changed, from either end of the ledger, and the place of each.

    To go on after `end`, or back before `start`, misses nobody.
    """

    changes: Sequence[ContactChange]
    places: Sequence[ChangePlace]
    start: ChangePlace | None
    end: ChangePlace
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class _Looked:
    """Whom a stretch of entries is about, which entries these were, and whether there are more than a page looks at."""

    found: Sequence[tuple[UUID, int]]
    earliest: int
    last: int
    limited: bool

    def together(self, at: int) -> bool:
        """Whether those on either side of an index changed at once."""
        return 0 < at < len(self.found) and self.found[at - 1][1] == self.found[at][1]


async def changes(actor: Actor, first: int, after: int = 0, upto: int | None = None) -> ChangePage:
    """The contacts that changed after a position, each once in the page, at its latest change that the page looked at.

    `upto` is a final position already known; asked of the database when left out.
    """
    end = await final_position() if upto is None else upto
    if end <= after or first <= 0:
        return ChangePage([], after, end > after)
    seen = await _looked(actor, (after + 1, _LOWEST), (end, _HIGHEST))
    known = _resumable(seen.found)
    # A page that ends among contacts who changed at once has to get past `after` all the same.
    cut = next((n for n in range(first, len(known)) if known[n - 1].position > after), len(known))
    if cut < len(known):
        return ChangePage(known[:cut], known[cut - 1].position, more=True)
    return ChangePage(known, seen.last if seen.limited else end, seen.limited)


async def changes_page(actor: Actor, window: Window[ChangePlace]) -> ChangeWindow:
    """As `changes`, from either end: `last` takes the contacts whose latest entries are the latest of all.

    Before a place are those who have not changed again since, so that pages backward bring each contact once. Raises
    DomainError INVALID for a bad window.
    """
    size, end = window.size(), await final_position()
    low, high = _edge(window.after, (1, _LOWEST), 1), _edge(window.before, (end, _HIGHEST), -1)
    high = min(high, (end, _HIGHEST))
    if low >= high:
        after = window.before is not None and window.backward
        return ChangeWindow([], [], None, window.after or (0, None), after, window.after is not None)
    seen = await _looked(actor, low, high, end if window.before else None, latest=window.backward)
    places = _places(seen, low, high)
    begin, stop = (max(len(places) - size, 0), len(places)) if window.backward else (0, min(size, len(places)))
    more = stop - begin < len(places) or seen.limited
    return ChangeWindow(
        changes=_resumable(seen.found)[begin:stop],
        places=places[begin:stop],
        start=_start(seen, places[begin:stop], backward=window.backward and begin == 0),
        end=_end(seen, places, stop, window.after) if stop < len(places) else _whole(seen, places, high, window),
        has_next=window.before is not None if window.backward else more,
        has_previous=more if window.backward else window.after is not None,
    )


def _edge(place: ChangePlace | None, open_: _Edge, beyond: int) -> _Edge:
    """Where a window begins or ends: the first position that may be in it, and the contact that is not, if any."""
    if place is None:
        return open_
    position, contact_id = place
    return (position + beyond, open_[1]) if contact_id is None else (position, contact_id)


def _places(seen: _Looked, low: _Edge, high: _Edge) -> list[ChangePlace]:
    """The position of each, with the contact where others changed at once."""
    parted = {low[0] if low[1] != _LOWEST else None, high[0] if high[1] != _HIGHEST else None}
    return [
        (position, contact_id if position in parted or seen.together(n) or seen.together(n + 1) else None)
        for n, (contact_id, position) in enumerate(seen.found)
    ]


def _start(seen: _Looked, shown: Sequence[ChangePlace], *, backward: bool) -> ChangePlace | None:
    """Where to go back from. `backward`: all that was looked at is in the page, and goes back to `earliest`."""
    if backward and seen.limited:
        return seen.earliest, None
    return shown[0] if shown else None


def _end(seen: _Looked, places: Sequence[ChangePlace], stop: int, after: ChangePlace | None) -> ChangePlace:
    """Where to go on when there is more: a plain position wherever nobody else changed at once."""
    if not stop:
        return after or (0, None)
    return places[stop - 1] if seen.together(stop) else (places[stop - 1][0], None)


def _whole(seen: _Looked, places: Sequence[ChangePlace], high: _Edge, window: Window[ChangePlace]) -> ChangePlace:
    """Where to go on when all that was looked at is in the page, or all up to the window's end."""
    if seen.limited and not window.backward:
        return seen.last, None
    if high[1] == _HIGHEST:
        return high[0], None
    return places[-1] if places and places[-1][0] == high[0] else (high[0] - 1, None)


async def _looked(actor: Actor, low: _Edge, high: _Edge, end: int | None = None, *, latest: bool = False) -> _Looked:
    """Look at the first entries between two places, or at the latest. With `end`, whoever changed from `high` to there
    is left out.
    """
    statement = _CHANGES.format("DESC" if latest else "ASC", "" if end is None else _STANDING)
    given = [actor.account_id, *low, *high, _ENTRIES, *([] if end is None else [end])]
    rows = await pool().fetch(statement, *given)
    found = [(row["contact_id"], row["position"]) for row in rows if row["contact_id"] is not None]
    return _Looked(found, rows[0]["earliest"], rows[0]["last"], rows[0]["count"] == _ENTRIES)


def _resumable(found: Sequence[tuple[UUID, int]]) -> list[ContactChange]:
    """Where several contacts changed at once, only the last of them carries the position, the others the one before."""
    following = [*(position for _, position in found[1:]), None]
    return [
        ContactChange(contact_id, position - 1 if position == next_ else position)
        for (contact_id, position), next_ in zip(found, following, strict=False)
    ]

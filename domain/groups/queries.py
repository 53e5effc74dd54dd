"""Reading groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from domain.actor import Actor
from domain.contacts.rules import storable
from domain.contacts.search import contains
from domain.infra.db import pool
from domain.window import Listing, Window, no_place

_GROUP = "SELECT id, name, description, lower(name) AS key FROM contact_group WHERE account_id = $1"
_BY_IDS = f"{_GROUP} AND id = ANY ($2::uuid[])"
_SEARCHED = "($2::text IS NULL OR lower(name) LIKE $2)"
_PAGE = f"{_GROUP} AND {_SEARCHED}{{reach}} ORDER BY {{order}} LIMIT $3"
_BY_NAME = Listing(("lower(name)", "id"))
_TOTAL = f"SELECT count(*) FROM contact_group WHERE account_id = $1 AND {_SEARCHED}"
_SIZES = """
SELECT group_id, count(*) AS size FROM group_member WHERE account_id = $1 AND group_id = ANY ($2::uuid[]) GROUP BY 1
"""
_OF_CONTACTS = """
SELECT m.contact_id, g.id, g.name, g.description
  FROM group_member m JOIN contact_group g ON g.account_id = $1 AND g.id = m.group_id
 WHERE m.account_id = $1 AND m.contact_id = ANY ($2::uuid[]) ORDER BY lower(g.name), g.id
"""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group's own details."""

    id: UUID
    name: str
    description: str | None


GroupPlace: TypeAlias = tuple[str, UUID]
"""Where a group stands among the others: its lower-cased name and its id."""


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Groups by name, the place of each, and whether there are more on either side."""

    groups: Sequence[GroupRow]
    places: Sequence[GroupPlace]
    has_next: bool
    has_previous: bool


async def by_ids(actor: Actor, group_ids: Sequence[UUID]) -> dict[UUID, GroupRow]:
    """The account's groups with these ids; those it does not have are left out."""
    return {row["id"]: _group(row) for row in await pool().fetch(_BY_IDS, actor.account_id, list(group_ids))}


async def page(actor: Actor, window: Window[GroupPlace], search: str | None = None) -> GroupPage:
    """Groups by name: 50 when the window names no size, 250 at most. `search` matches any part of a name.

    Raises DomainError INVALID for a negative or larger size, both at once, or a place that no group can have.
    """
    given: list[Any] = [actor.account_id, contains(search), window.size() + 1]
    window = window.mapped(_checked)
    rows = await pool().fetch(_BY_NAME.statement(_PAGE, window, given), *given)
    shown = window.page(rows)
    places = [(row["key"], row["id"]) for row in shown.rows]
    return GroupPage([_group(row) for row in shown.rows], places, shown.has_next, shown.has_previous)


def page_of(groups: Sequence[GroupRow], window: Window[GroupPlace]) -> GroupPage:
    """A page of groups that are all known, in their order. Raises DomainError INVALID, as `page`."""
    places = [(group.name.lower(), group.id) for group in groups]
    low = 0 if window.after is None else _index(places, window.after, 1)
    high = len(places) if window.before is None else _index(places, window.before, 0)
    found = range(low, high)
    shown = window.page(found[::-1] if window.backward else found)
    return GroupPage(
        [groups[n] for n in shown.rows], [places[n] for n in shown.rows], shown.has_next, shown.has_previous
    )


async def total(actor: Actor, search: str | None = None) -> int:
    """How many groups match."""
    return int(await pool().fetchval(_TOTAL, actor.account_id, contains(search)))


async def sizes(actor: Actor, group_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many contacts each group has; 0 for an empty or unknown one."""
    rows = await pool().fetch(_SIZES, actor.account_id, list(group_ids))
    return dict.fromkeys(group_ids, 0) | {row["group_id"]: row["size"] for row in rows}


async def of_contacts(actor: Actor, contact_ids: Sequence[UUID]) -> dict[UUID, list[GroupRow]]:
    """The groups of each contact, by name; an empty list for one without."""
    found: dict[UUID, list[GroupRow]] = {contact_id: [] for contact_id in contact_ids}
    for row in await pool().fetch(_OF_CONTACTS, actor.account_id, list(found)):
        found[row["contact_id"]].append(_group(row))
    return found


def _checked(place: GroupPlace, field: str) -> GroupPlace:
    if not storable(place[0]):
        raise no_place(field)
    return place


def _index(places: Sequence[GroupPlace], place: GroupPlace, beyond: int) -> int:
    """Where a place is among those of a list, or where it was before its group left the list."""
    ids = [group_id for _, group_id in places]
    return ids.index(place[1]) + beyond if place[1] in ids else sum(known < place for known in places)


def _group(row: Any) -> GroupRow:
    return GroupRow(row["id"], row["name"], row["description"])

"""Reading groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.contacts.pages import extent
from domain.contacts.rules import storable
from domain.contacts.search import contains
from domain.errors import invalid
from domain.infra.db import pool

_GROUP = "SELECT id, name, description, lower(name) AS key FROM contact_group WHERE account_id = $1"
_BY_IDS = f"{_GROUP} AND id = ANY ($2::uuid[])"
_SEARCHED = "($2::text IS NULL OR lower(name) LIKE $2)"
_PAGE = f"{_GROUP} AND {_SEARCHED} AND ($3::text IS NULL OR (lower(name), id) > ($3, $4)) ORDER BY key, id LIMIT $5"
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


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Groups by name, the place of each as `(lower-cased name, id)`, and whether there are more."""

    groups: Sequence[GroupRow]
    places: Sequence[tuple[str, UUID]]
    has_next: bool
    has_previous: bool


async def by_ids(actor: Actor, group_ids: Sequence[UUID]) -> dict[UUID, GroupRow]:
    """The account's groups with these ids; those it does not have are left out."""
    return {row["id"]: _group(row) for row in await pool().fetch(_BY_IDS, actor.account_id, list(group_ids))}


async def page(
    actor: Actor, first: int | None = None, after: tuple[str, UUID] | None = None, search: str | None = None
) -> GroupPage:
    """Groups by name from just after `(lower-cased name, id)`: 50 when no size is named, 250 at most.

    `search` matches any part of a name. Raises DomainError INVALID for a negative or larger size, or a place that no
    group can have.
    """
    size, _ = extent(first, None)
    key, last_id = after or (None, None)
    if not storable(key or ""):
        raise invalid("Not a cursor of this list.", "after")
    rows = await pool().fetch(_PAGE, actor.account_id, contains(search), key, last_id, size + 1)
    shown = rows[:size]
    places = [(row["key"], row["id"]) for row in shown]
    return GroupPage([_group(row) for row in shown], places, len(rows) > size, after is not None)


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


def _group(row: Any) -> GroupRow:
    return GroupRow(row["id"], row["name"], row["description"])

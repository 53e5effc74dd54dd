"""Pages of contacts, by key: as fast at the end of a million as at the start, and stable under inserts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.contacts import planned
from domain.contacts.cells import is_of_cells, total_of_cells
from domain.contacts.counts import cells
from domain.contacts.filter import ContactFilter
from domain.contacts.filter_sql import condition
from domain.contacts.queries import COLUMNS, STATE, contact_of
from domain.contacts.rarity import learn
from domain.contacts.rows import ContactRow
from domain.contacts.rules import storable
from domain.infra.db import pool
from domain.window import Listing, Window, no_place

NEAR = 2_000
"""How many contacts are looked at first for a filtered page. Most filters find a page among them."""

# Few contacts are taken in order, and only those are joined: a plan that starts with a whole table is no choice then.
_NEAR = f"""
SELECT {COLUMNS}, c.key FROM (
  SELECT c.*, {{key}} AS key FROM contact c WHERE c.account_id = $1{{reach}}
   ORDER BY {{order}} LIMIT {{near}}) c {STATE}
 WHERE {{test}} ORDER BY {{near_order}} LIMIT {{size}}
"""
# What is rare is found from its own side, by whatever index serves.
_FAR = f"""
SELECT {COLUMNS}, {{key}} AS key FROM contact c {STATE} WHERE c.account_id = $1{{reach}} AND {{test}}
 ORDER BY {{order}} LIMIT {{size}}
"""


class OrderField(StrEnum):
    """What a list can be ordered by; contacts that are equal in it follow their creation."""

    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    EMAIL = "EMAIL"


class Direction(StrEnum):
    """Up or down."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of contacts; newest first unless told otherwise."""

    field: OrderField = OrderField.CREATED_AT
    direction: Direction = Direction.DESC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands in an order. `key` is the lower-cased name or email, empty for CREATED_AT."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts in order, the place of each, and whether there are more on either side."""

    contacts: Sequence[ContactRow]
    places: Sequence[Place]
    has_next: bool
    has_previous: bool


async def page(
    actor: Actor,
    window: Window[Place],
    order: Order | None = None,
    where: ContactFilter | None = None,
    search: str | None = None,
) -> Page:
    """One page of the account's contacts: 50 when the window names no size, 250 at most.

    Raises DomainError INVALID (field `first`, `last`, `after` or `before`) for a negative or larger size, both at
    once or a place that no contact can have; TOO_LARGE (field `filter`) for a filter that is too deep or too large.
    """
    size, order = window.size(), order or Order()
    key, down = _KEYS[order.field], order.direction is Direction.DESC
    parameters: list[Any] = [actor.account_id]
    if search is not None:
        await learn()
    test = condition(where, search, parameters)
    listing = Listing((key, "c.id") if key else ("c.id",), down)
    near = Listing(("c.key", "c.id") if key else ("c.id",), down)
    place = window.mapped(_checked).mapped(lambda at, _: (at.key, at.id) if key else (at.id,))
    parts = {"key": key or "''", "reach": listing.between(place, parameters), "size": size + 1}
    parts |= {"order": listing.order(place), "near_order": near.order(place)}
    if test.always:
        rows = await pool().fetch(_NEAR.format(near=size + 1, test="true", **parts), *parameters)
    else:
        rows = await planned.fetch(_NEAR.format(near=NEAR, test=test.one_by_one, **parts), parameters)
        if len(rows) <= size:
            rows = await planned.fetch(_FAR.format(test=test.everywhere, **parts), parameters)
    shown = window.page(rows)
    return Page(
        contacts=[contact_of(row) for row in shown.rows],
        places=[Place(row["key"], row["id"]) for row in shown.rows],
        has_next=shown.has_next,
        has_previous=shown.has_previous,
    )


async def total(actor: Actor, where: ContactFilter | None = None, search: str | None = None) -> int:
    """How many contacts match, exactly. Raises DomainError for a bad filter."""
    parameters: list[Any] = [actor.account_id]
    if search is not None:
        await learn()
    test = condition(where, search, parameters)
    if search is None and is_of_cells(where):
        return total_of_cells(await cells(actor.account_id), where)
    return int((await planned.fetch(f"SELECT count(*) {test.chosen}", parameters))[0][0])


_KEYS = {OrderField.CREATED_AT: "", OrderField.NAME: "lower(c.name)", OrderField.EMAIL: "lower(c.email)"}


def _checked(place: Place, field: str) -> Place:
    if not storable(place.key):
        raise no_place(field)
    return place

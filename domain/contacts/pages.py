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
from domain.errors import invalid
from domain.infra.db import pool

DEFAULT, MOST = 50, 250

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
class Window:
    """Which part of the list: the `first` after a place, or the `last` before one; both ends may be given."""

    first: int | None = None
    after: Place | None = None
    last: int | None = None
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts in order, the place of each, and whether there are more on either side."""

    contacts: Sequence[ContactRow]
    places: Sequence[Place]
    has_next: bool
    has_previous: bool


async def page(
    actor: Actor,
    window: Window,
    order: Order | None = None,
    where: ContactFilter | None = None,
    search: str | None = None,
) -> Page:
    """One page of the account's contacts: 50 when the window names no size, 250 at most.

    Raises DomainError INVALID (field `first`, `last`, `after` or `before`) for a negative or larger size, both at
    once or a place that no contact can have; TOO_LARGE (field `filter`) for a filter that is too deep or too large.
    """
    size, backward = extent(window.first, window.last)
    order = order or Order()
    key, down = _KEYS[order.field], order.direction is Direction.DESC
    parameters: list[Any] = [actor.account_id]
    if search is not None:
        await learn()
    test = condition(where, search, parameters)
    ends = [(window.after, "<" if down else ">", "after"), (window.before, ">" if down else "<", "before")]
    reach = "".join(_beyond(key, sign, place, field, parameters) for place, sign, field in ends if place)
    way = "ASC" if down is backward else "DESC"
    parts = {"key": key or "''", "reach": reach, "size": size + 1}
    parts["order"] = f"{key} {way}, c.id {way}" if key else f"c.id {way}"
    parts["near_order"] = f"c.key {way}, c.id {way}" if key else f"c.id {way}"
    if test.always:
        rows = await pool().fetch(_NEAR.format(near=size + 1, test="true", **parts), *parameters)
    else:
        rows = await planned.fetch(_NEAR.format(near=NEAR, test=test.one_by_one, **parts), parameters)
        if len(rows) <= size:
            rows = await planned.fetch(_FAR.format(test=test.everywhere, **parts), parameters)
    return _page(rows, size, window, backward)


async def total(actor: Actor, where: ContactFilter | None = None, search: str | None = None) -> int:
    """How many contacts match, exactly. Raises DomainError for a bad filter."""
    parameters: list[Any] = [actor.account_id]
    if search is not None:
        await learn()
    test = condition(where, search, parameters)
    if search is None and is_of_cells(where):
        return total_of_cells(await cells(actor.account_id), where)
    return int((await planned.fetch(f"SELECT count(*) {test.chosen}", parameters))[0][0])


def extent(first: int | None, last: int | None) -> tuple[int, bool]:
    """The size of a page and whether it is read from its end. Raises DomainError INVALID (field `first` or `last`)."""
    if first is not None and last is not None:
        raise invalid("Ask for the first or for the last, not for both.", "last")
    given = last if first is None else first
    size = DEFAULT if given is None else given
    if not 0 <= size <= MOST:
        raise invalid(f"Between 0 and {MOST}.", "first" if last is None else "last")
    return size, last is not None


_KEYS = {OrderField.CREATED_AT: "", OrderField.NAME: "lower(c.name)", OrderField.EMAIL: "lower(c.email)"}


def _beyond(key: str, sign: str, place: Place, field: str, parameters: list[Any]) -> str:
    if not storable(place.key):
        raise invalid("Not a cursor of this list.", field)
    if not key:
        parameters.append(place.id)
        return f" AND c.id {sign} ${len(parameters)}"
    parameters.extend((place.key, place.id))
    return f" AND ({key}, c.id) {sign} (${len(parameters) - 1}, ${len(parameters)})"


def _page(rows: Sequence[Any], size: int, window: Window, backward: bool) -> Page:
    more = len(rows) > size
    shown = rows[:size][::-1] if backward else rows[:size]
    return Page(
        contacts=[contact_of(row) for row in shown],
        places=[Place(row["key"], row["id"]) for row in shown],
        has_next=window.before is not None if backward else more,
        has_previous=more if backward else window.after is not None,
    )

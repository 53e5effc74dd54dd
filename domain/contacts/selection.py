"""Which contacts a bulk change is for: said once, checked, and kept as JSON until the work starts."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.contacts import planned
from domain.contacts.filter import ContactFilter, OptStatus, measure, nodes
from domain.contacts.filter_sql import condition
from domain.contacts.filter_truth import always_true, has_empty
from domain.contacts.pages import total
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import pool
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

MOST_IDS = 10_000

_UNKNOWN_CONTACTS = """
SELECT EXISTS (SELECT unnest($2::uuid[]) EXCEPT SELECT id FROM contact WHERE account_id = $1 AND id = ANY ($2))
"""
_KNOWN = {
    "group": "SELECT EXISTS (SELECT FROM contact_group WHERE account_id = $1 AND id = $2)",
    "topic": "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND id = $2)",
    "import": "SELECT EXISTS (SELECT FROM bulk_operation WHERE account_id = $1 AND id = $2 AND kind = 'IMPORT')",
}
_BY_IDS = "SELECT c.id FROM contact c WHERE c.account_id = $1 AND c.id = ANY ($2::uuid[])"


@dataclass(frozen=True, slots=True)
class Selection:
    """Exactly one of these. `everyone` must be true: an empty filter never means everyone."""

    ids: Sequence[UUID] | None = None
    group: UUID | None = None
    tag: str | None = None
    imported_by: UUID | None = None
    filter: ContactFilter | None = None
    everyone: bool | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` selects one column, `id` (contact ids, each once, in no order); `$1` in it is the account."""

    text: str
    parameters: list[Any]


async def check(actor: Actor, selection: Selection) -> None:
    """Raise DomainError (field below `selection`) unless the selection can be worked on.

    INVALID: not exactly one way of choosing, an empty list of ids, `everyone: false`, a filter that is empty or
    always true, or names an empty list. TOO_LARGE: more than 10,000 ids, or a filter too deep or too large.
    NOT_FOUND: an id, group, topic or import that the account does not have.
    """
    ways = [field.name for field in fields(Selection) if getattr(selection, field.name) is not None]
    if len(ways) != 1:
        raise invalid("Choose contacts in exactly one way.", "selection")
    if selection.ids is not None:
        await _check_ids(actor, selection.ids)
    if selection.everyone is False:
        raise invalid("Say `everyone: true`, or choose contacts in another way.", "selection", "everyone")
    if selection.filter is not None:
        await _check_filter(actor, selection.filter)
    if selection.tag is not None and not selection.tag.strip():
        raise invalid("This cannot be empty.", "selection", "tag")
    await _check_known(actor, "group", selection.group, "selection", "group")
    await _check_known(actor, "import", selection.imported_by, "selection", "importedBy")


def statement(actor: Actor, selection: Selection) -> Statement:
    """The selection as SQL, to be run as it is or inside a larger statement.

    Raises DomainError TOO_LARGE for a filter too deep or too large, which `check` has refused before.
    """
    if selection.ids is not None:
        return Statement(_BY_IDS, [actor.account_id, list(selection.ids)])
    parameters: list[Any] = [actor.account_id]
    test = condition(_as_filter(selection), None, parameters)
    return Statement(f"SELECT c.id {test.chosen}", parameters)


def where(selection: Selection, parameters: list[Any]) -> str:
    """The selection as a condition over `contact c` and `contact_state s`, for a statement of the caller's own.

    `parameters` hold the account first; the selection's are appended. Raises as `statement`.
    """
    if selection.ids is not None:
        parameters.append(list(selection.ids))
        return f"c.id = ANY (${len(parameters)}::uuid[])"
    return condition(_as_filter(selection), None, parameters).everywhere


async def count(actor: Actor, selection: Selection) -> int:
    """How many contacts are selected now, exactly."""
    if selection.ids is None:
        return await total(actor, _as_filter(selection))
    found = statement(actor, selection)
    rows = await planned.fetch(f"SELECT count(*) FROM ({found.text}) found", found.parameters)
    return int(rows[0][0])


def to_json(selection: Selection) -> dict[str, Any]:
    """The selection as plain JSON values."""
    kept: dict[str, Any] = _named(selection)
    return kept


def from_json(kept: dict[str, Any]) -> Selection:
    """The selection that `to_json` made this from."""
    read: dict[str, Any] = {
        "ids": lambda ids: [UUID(contact_id) for contact_id in ids],
        "group": UUID,
        "imported_by": UUID,
        "filter": _filter_from,
    }
    return Selection(**{name: read[name](value) if name in read else value for name, value in kept.items()})


async def _check_ids(actor: Actor, ids: Sequence[UUID]) -> None:
    if not ids:
        raise invalid("Name at least one contact.", "selection", "ids")
    if len(ids) > MOST_IDS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_IDS} ids; use a filter.", "selection", "ids")
    if await pool().fetchval(_UNKNOWN_CONTACTS, actor.account_id, list(ids)):
        raise not_found("contact", "selection", "ids")


async def _check_filter(actor: Actor, where: ContactFilter) -> None:
    try:
        measure(where)
    except DomainError as error:
        raise error.under("selection") from None
    if has_empty(where) or always_true(where):
        raise invalid("The filter leaves nobody out; say `everyone: true` for everyone.", "selection", "filter")
    for node in nodes(where):
        for what, known_id in (("group", node.group), ("topic", node.topic), ("import", node.imported_by)):
            await _check_known(actor, what, known_id, "selection", "filter")


async def _check_known(actor: Actor, what: str, known_id: UUID | None, *field: str) -> None:
    if known_id is not None and not await pool().fetchval(_KNOWN[what], actor.account_id, known_id):
        raise not_found(what, *field)


def _as_filter(selection: Selection) -> ContactFilter | None:
    """Every way of choosing but by ids, as a filter; None for everyone."""
    if selection.everyone:
        return None
    if selection.filter is not None:
        return selection.filter
    return ContactFilter(group=selection.group, tag=selection.tag, imported_by=selection.imported_by)


def _named(value: Any) -> Any:
    """A value as JSON has it, without what is None."""
    match value:
        case Selection() | ContactFilter():
            named = {field.name: getattr(value, field.name) for field in fields(value)}
            return {name: _named(inner) for name, inner in named.items() if inner is not None}
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case str() | bool():
            return value
        case _:
            return [_named(inner) for inner in value]


def _filter_from(kept: dict[str, Any]) -> ContactFilter:
    return ContactFilter(**{name: _FILTER.get(name, _same)(value) for name, value in kept.items()})


def _filters_from(kept: list[dict[str, Any]]) -> list[ContactFilter]:
    return [_filter_from(child) for child in kept]


def _same(value: Any) -> Any:
    return value


_FILTER: dict[str, Any] = {
    "status": OptStatus,
    "channel": Channel,
    "consent": lambda values: [ConsentStatus(value) for value in values],
    "deliverability": Deliverability,
    "lifecycle": Lifecycle,
    "topic": UUID,
    "group": UUID,
    "imported_by": UUID,
    "created_after": datetime.fromisoformat,
    "created_before": datetime.fromisoformat,
    "and_": _filters_from,
    "or_": _filters_from,
    "not_": _filter_from,
}

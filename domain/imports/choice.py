"""Which field each column of a list goes to: as the person says, or as the header lets us guess."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import DomainError, ErrorCode, Refusals, invalid
from domain.imports.columns import FIELDS, by_content, is_field, propose
from domain.imports.reading.table import Table
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


IDENTIFYING: Final = frozenset({"email", "email2", "email3", "mobile", "phone", "address", "external_id"})
"""Without one of these a row is nobody."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person says of a column: its header, and the field it goes to."""

    column: str
    field: str


def fields_of(
    table: Table, beginning: pl.DataFrame, chosen: Sequence[Chosen] | None, topics: Collection[str]
) -> list[str | None]:
    """The field of each column, None for one that is left out. `beginning`: some rows, for a list without a header.

    Raises Refusals: NOT_FOUND for a column that the list has not, INVALID for a field there is none of, DUPLICATE
    for a column or a field named twice. A guess names no topic that the account has not.
    """
    if chosen is not None:
        return _as_said(table.header, chosen, topics)
    if table.headless:
        return by_content([beginning[str(place)].head(100).to_list() for place in range(len(table.header))])
    return [field if _exists(field, topics) else None for field in propose(table.header)]


def check_identifying(fields: Sequence[str | None]) -> None:
    """Raise DomainError REQUIRED unless a column tells who a row is."""
    if IDENTIFYING.isdisjoint(fields):
        words = "No column holds email addresses, phone numbers, postal addresses or ids: say which one does."
        raise DomainError(ErrorCode.REQUIRED, words, "columns")


def _as_said(header: Sequence[str], chosen: Sequence[Chosen], topics: Collection[str]) -> list[str | None]:
    fields: list[str | None] = [None] * len(header)
    places = {name: place for place, name in enumerate(header)}
    errors: list[DomainError] = []
    for number, one in enumerate(chosen):
        place = places.get(one.column.strip())
        if place is None:
            words = f"The list has no column of this name. It has: {', '.join(header[:20])}."
            errors.append(DomainError(ErrorCode.NOT_FOUND, words, "columns", str(number), "column"))
        elif fields[place] is not None:
            errors.append(
                DomainError(ErrorCode.DUPLICATE, "This column is named twice.", "columns", str(number), "column")
            )
        elif not is_field(one.field) or not _exists(one.field, topics):
            errors.append(_no_field(one.field, topics).under("columns", str(number), "field"))
        elif one.field in fields:
            words = "Another column goes to this field already."
            errors.append(DomainError(ErrorCode.DUPLICATE, words, "columns", str(number), "field"))
        else:
            fields[place] = one.field
    if errors:
        raise Refusals(errors)
    return fields


def _exists(field: str | None, topics: Collection[str]) -> bool:
    return field is None or not field.startswith("topic:") or field.removeprefix("topic:") in topics


def _no_field(field: str, topics: Collection[str]) -> DomainError:
    if field.startswith("topic:"):
        return invalid(f"The account has no topic of this key. It has: {', '.join(sorted(topics)) or 'none'}.")
    return invalid(f"One of: {', '.join(FIELDS)}, topic:KEY, attribute:KEY.")

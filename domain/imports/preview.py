"""Look at the start of a list before anything is imported: what it holds, what it would be taken for, what is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from domain.accounts import queries as accounts
from domain.actor import Actor
from domain.errors import DomainError, ErrorCode
from domain.imports import cells
from domain.imports.cells import Batch
from domain.imports.choice import Chosen, check_identifying, fields_of
from domain.imports.reading.frames import EXCESS, LINE, trimmed
from domain.imports.reading.table import Table, read_table
from domain.imports.source import Source, opened
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


ROWS: Final = 5_000
SAMPLE: Final = 10
MOST_PROBLEMS: Final = 50
_MOST_OF_A_KIND: Final = 5
_SHOWN: Final = 200
_WITHDRAWN: Final = (
    r"(?i)^(unsubscribed?|opted[ _-]?out|cleaned|bounced|blocklisted|blacklisted|complained|spam|abgemeldet|"
    r"désinscrit|desinscrit|désabonné|desabonne|dado de baja|baja)$"
)
# What UTF-8 looks like once it was taken for Windows-1252, and the mark of a character that was lost.
_GARBLED: Final = "Ã[\u0080-\u00bf\u0152-\u0178\u2010-\u2122]|â€|\ufffd"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that stands in the way, or that a person should know; `line` counts from 1 in the file."""

    code: ErrorCode
    message: str
    line: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The start of a list. `rows`: those that were looked at, 5,000 at most; `fields` in the header's order."""

    rows: int
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    fields: list[str | None]
    sample: list[list[str]]
    problems: list[Problem]


async def preview_import(actor: Actor, source: Source, columns: Sequence[Chosen] | None = None) -> Preview:
    """What an import of this list would see, by its first rows; nothing is imported.

    Raises DomainError or Refusals: NOT_FOUND and REQUIRED for the upload, INVALID for what is no list, TOO_LARGE
    over a limit of reading, and as `fields_of` for the columns.
    """
    account = await accounts.account(actor)
    topics = {topic.key for topic in await accounts.topics(actor)}
    with await opened(actor, source) as file:
        return await asyncio.to_thread(_look, file, columns, topics, account.default_country)


def _look(file: BinaryIO, columns: Sequence[Chosen] | None, topics: Collection[str], country: str | None) -> Preview:
    try:
        table = read_table(file)
        frame = table.first(ROWS)[:ROWS]
    except DomainError as refusal:
        raise refusal.under("source") from None
    fields = fields_of(table, frame, columns, topics)
    shown = frame.head(SAMPLE).select(trimmed(str(place)).str.head(_SHOWN) for place in range(len(table.header)))
    return Preview(
        rows=frame.height,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        fields=fields,
        sample=[list(row) for row in shown.rows()],
        problems=[*_of_the_list(table, frame, fields), *_of_values(table, frame, fields, country)][:MOST_PROBLEMS],
    )


def _of_the_list(table: Table, frame: pl.DataFrame, fields: Sequence[str | None]) -> Iterator[Problem]:
    if table.headless:
        words = "The first line is data, not a header: the columns are named by their place."
        yield Problem(ErrorCode.REQUIRED, words, line=1)
    for name in table.header:
        if numbered := re.fullmatch(r"(.+) \(\d+\)", name):
            if numbered[1] in table.header:
                yield Problem(ErrorCode.DUPLICATE, f"Two columns are called “{numbered[1]}”.", column=name)
        elif not table.headless and re.fullmatch(r"Column \d+", name):
            yield Problem(ErrorCode.REQUIRED, "This column has values but no name.", column=name)
    try:
        check_identifying(fields)
    except DomainError as refusal:
        yield Problem(refusal.code, refusal.message)
    if frame.is_empty():
        yield Problem(ErrorCode.REQUIRED, "There is no row below the header.")
    for line in frame.filter(pl.col(EXCESS))[LINE].head(_MOST_OF_A_KIND):
        words = "This row has more cells than the header: is a value with the delimiter in it not quoted?"
        yield Problem(ErrorCode.INVALID, words, line=line)


def _of_values(
    table: Table, frame: pl.DataFrame, fields: Sequence[str | None], country: str | None
) -> Iterator[Problem]:
    batch = Batch(frame)
    for place, (name, field) in enumerate(zip(table.header, fields, strict=True)):
        if field in ("email", "email2", "email3"):
            cells.email(batch, batch.cells(place), name)
        elif field in ("mobile", "phone"):
            cells.phone(batch, batch.cells(place), country, name)
        elif field is None and (line := _first(frame, place, _WITHDRAWN)):
            words = "This column says who has unsubscribed: choose accepts_marketing for it, or take those rows out."
            yield Problem(ErrorCode.OPTED_OUT, words, line=line, column=name)
        if line := _first(frame, place, _GARBLED):
            words = "A value looks garbled: the file was probably saved in a wrong encoding before."
            yield Problem(ErrorCode.INVALID, words, line=line, column=name)
    for lines in batch.refused.values():
        for one in lines:
            yield Problem(one.code, one.words, line=one.line, column=one.column)


def _first(frame: pl.DataFrame, place: int, pattern: str) -> int | None:
    """The first line whose value in a column holds the pattern."""
    found = frame.filter(trimmed(str(place)).str.contains(pattern))[LINE].head(1).to_list()
    return found[0] if found else None

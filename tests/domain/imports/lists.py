"""Lists to read in tests, and what is read of them."""

import gzip
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from domain.imports.reading.limits import LIMITS, Limits
from domain.imports.reading.table import Table, read_table

Row = tuple[int, list[str]]
HEADER = ["Email", "First name", "City"]
ROWS = [["ann@example.org", "Ann", "Bath"], ["jörg@example.org", "Jörg", "Köln, Süd"]]


def table_of(raw: bytes, limits: Limits = LIMITS) -> Table:
    """The table in these bytes."""
    return read_table(io.BytesIO(raw), limits)


def rows_of(table: Table, batch: int = 50_000) -> list[Row]:
    """Every row of a table with its line."""
    own = [str(place) for place in range(len(table.header))]
    return [(line, list(cells)) for frame in table.batches(batch) for line, *cells in frame.select("line", *own).rows()]


def cells_of(raw: bytes) -> list[list[str]]:
    """Every row in these bytes."""
    return [cells for _, cells in rows_of(table_of(raw))]


def csv_of(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    """A text in which each cell is quoted where it has to be."""

    def cell(value: str) -> str:
        needs = any(char in value for char in f'{delimiter}"\n\r')
        return f'"{value.replace(chr(34), chr(34) * 2)}"' if needs else value

    return "".join(delimiter.join(map(cell, row)) + end for row in rows)


def zipped(text: str) -> bytes:
    """A text, UTF-8, gzipped."""
    return gzip.compress(text.encode())


def xlsx_of(rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """A workbook whose first sheet has these rows; numbers, booleans and dates as such."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"} | options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()

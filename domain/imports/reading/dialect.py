"""How a text separates its cells, and where its header stands."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.imports.reading.limits import Limits

DELIMITERS: Final = (",", ";", "\t", "|")
_ROWS: Final = 200
_NAME: Final = 200
_SEP: Final = re.compile(r'"?sep=([^"])"?', re.IGNORECASE)
BLANK: Final = "".join(map(chr, [*range(9, 14), *range(28, 33), 133, 160, 5760, *range(8192, 8204)])) + (
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""Every space that Unicode knows, and the invisible ones it does not call space: what is trimmed off a value."""
_DATA: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+|(?=.*\d)\+?[\d\s()/.-]{7,20}|[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`skip`: lines before the first row that counts. `width`: how many columns there are."""

    delimiter: str
    skip: int
    header: tuple[str, ...]
    headless: bool

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.header)


def dialect_of(text: str, limits: Limits) -> Dialect:
    """How the text is to be read, by its beginning; its line breaks are unified.

    Raises DomainError: TOO_LARGE for too many columns, INVALID when there is no row in it.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip(BLANK)), None)
    if first is None:
        raise invalid("The file holds nothing but blank lines.")
    named = _SEP.fullmatch(lines[first])
    if named:
        return _dialect(named[1], first + 1, _rows("\n".join(lines[first + 1 :]), named[1]), limits)
    sample = "\n".join(lines[first:])
    best = max(DELIMITERS, key=lambda delimiter: _fit(_rows(sample, delimiter)))
    return _dialect(best, first, _rows(sample, best), limits)


def header_of(rows: Sequence[Sequence[str]], limits: Limits) -> tuple[tuple[str, ...], bool]:
    """The name of each column, and whether they had to be made up because the first row is data already.

    Columns at the end that have neither a name nor, as far as seen, a value, are none. Raises DomainError.
    """
    names = [cell.strip(BLANK) for cell in rows[0]]
    headless = any(_DATA.fullmatch(name) for name in names)
    width = max(
        (
            index + 1
            for row in rows[: 1 if not headless else None]
            for index, cell in enumerate(row)
            if cell.strip(BLANK)
        ),
        default=0,
    )
    if len(names) > width:
        later = (index + 1 for row in rows[1:] for index, cell in enumerate(row[: len(names)]) if cell.strip(BLANK))
        width = max(width, max(later, default=0))
    if width > limits.columns:
        words = f"The list has {width:,} columns; at most {limits.columns} can be read. Is the delimiter right?"
        raise DomainError(ErrorCode.TOO_LARGE, words)
    return tuple(_unique(["" if headless else name[:_NAME] for name in (names + [""] * width)[:width]])), headless


def _unique(names: list[str]) -> list[str]:
    given = {name.casefold() for name in names}
    seen: set[str] = set()
    unique = []
    for number, name in enumerate(names, 1):
        chosen, again = name or f"Column {number}", 2
        while chosen.casefold() in seen or (chosen != name and chosen.casefold() in given):
            chosen, again = f"{name or f'Column {number}'} ({again})", again + 1
        seen.add(chosen.casefold())
        unique.append(chosen)
    return unique


def _dialect(delimiter: str, skip: int, rows: list[list[str]], limits: Limits) -> Dialect:
    if not rows:
        raise invalid("The file holds nothing but blank lines.")
    header, headless = header_of(rows, limits)
    return Dialect(delimiter, skip, header, headless)


def _fit(rows: list[list[str]]) -> float:
    """How well a delimiter explains the rows: the share of them that are as wide as the first, times that width."""
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0
    return sum(len(row) == width for row in rows) / len(rows) * width


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline="\n"), delimiter=delimiter):
            if any(cell.strip(BLANK) for cell in row):
                rows.append(row)
            if len(rows) == _ROWS:
                break
    except csv.Error:  # a cell beyond all measure: the reader says so with its line
        pass
    return rows

"""Separated text into frames, at bounded memory: what is plain through polars, the rest through Python's csv module.

The two agree on every text that both can read; a property test holds them to it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import DomainError, invalid
from domain.imports.reading.dialect import Dialect
from domain.imports.reading.frames import EXCESS, LINE, from_rows, names, too_long, without_blanks
from domain.imports.reading.limits import Limits
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


_CHUNK: Final = 2 * 1024**2
_QUOTED: Final = re.compile(r'"[^"]*(?:""[^"]*)*"')
_END: Final = "\0"
"""No text holds NUL any more, so a row of it alone shows that the row before had come to its end."""


def frames(texts: Iterable[str], dialect: Dialect, limits: Limits) -> Iterator[pl.DataFrame]:
    """The rows of a text behind its header, a frame for each stretch of about 2 MiB.

    Raises DomainError TOO_LARGE for a line, cell or record beyond the limits, naming the line.
    """
    reader = _Reader(dialect, limits)
    for chunk in _chunks(unified(texts), limits):
        yield reader.read(chunk)
    reader.finish()


def unified(texts: Iterable[str]) -> Iterator[str]:
    """The text with every line break as a line feed alone."""
    held = ""
    for text in texts:
        whole = held + text if held else text
        held = "\r" if whole.endswith("\r") else ""
        whole = whole[:-1] if held else whole
        yield whole.replace("\r\n", "\n").replace("\r", "\n") if "\r" in whole else whole
    yield "\n" if held else ""


def _chunks(texts: Iterable[str], limits: Limits) -> Iterator[str]:
    """The text cut behind line breaks; the last line is given one."""
    parts: list[str] = []
    size, line = 0, 1
    for text in texts:
        parts.append(text)
        size += len(text)
        if size < _CHUNK:
            continue
        whole = "".join(parts)
        cut = whole.rfind("\n") + 1
        if cut == 0 and size > limits.line:
            raise too_long(line, f"it is longer than {limits.line:,} characters, so this is no list.")
        if cut:
            line += whole.count("\n", 0, cut)
            yield whole[:cut]
        parts, size = [whole[cut:]], len(whole) - cut
    rest = "".join(parts)
    if rest:
        yield rest + "\n"


@dataclass(slots=True)
class _Reader:
    dialect: Dialect
    limits: Limits
    line: int = 1
    """The line that the next chunk begins with."""
    held: str = ""
    """The beginning of a record that was not at its end when the chunk was."""

    def read(self, chunk: str) -> pl.DataFrame:
        """The rows that end in this chunk."""
        if self.line == 1 and not self.held:
            chunk = self._behind_header(chunk)
        chunk = self.held + chunk
        plain = _plain(chunk, self.line, self.dialect)
        if plain is None:
            return self._cell_by_cell(chunk)
        self.line += chunk.count("\n")
        return plain

    def finish(self) -> None:
        """Raise DomainError when the text ended inside a quote."""
        if self.held:
            raise _never_closed(self.line)

    def _behind_header(self, chunk: str) -> str:
        """The chunk without the lines before the first row of data; what is cut off is counted."""
        cut = self.dialect.skip
        if not self.dialect.headless:
            lines = io.StringIO(_from_line(chunk, cut), newline="\n")
            header = csv.reader(lines, delimiter=self.dialect.delimiter)
            _next(header, self.line + cut)
            cut += header.line_num
        self.line += cut
        return _from_line(chunk, cut)

    def _cell_by_cell(self, chunk: str) -> pl.DataFrame:
        rows: list[list[str]] = []
        lines: list[int] = []
        records = csv.reader(io.StringIO(chunk + _END, newline="\n"), delimiter=self.dialect.delimiter)
        end, start = 0, 0
        while (row := _next(records, self.line + end)) is not None:
            if row:
                rows.append(row)
                lines.append(self.line + end)
            start, end = end, records.line_num
        closed = rows.pop() == [_END]
        lines.pop()
        self.held = "" if closed else _from_line(chunk, start)
        if len(self.held) > self.limits.line:
            raise _never_closed(self.line + start)
        self.line += start
        return from_rows(rows, lines, self.dialect.width)


def _plain(chunk: str, line: int, dialect: Dialect) -> pl.DataFrame | None:
    """A chunk of which polars makes the same as csv does; None when that is not sure.

    It is sure when quotes stand around whole cells alone, each line is a row, and none is wider than the header.
    """
    bare = chunk
    if '"' in chunk:
        bare = _QUOTED.sub(_END, chunk)
        if '"' in bare or bare.count("\n") != chunk.count("\n") or not _whole_cells(bare, dialect.delimiter):
            return None
    # polars would make a column of each cell of the first row before it compares them with the header.
    if bare.count(dialect.delimiter, 0, bare.find("\n")) >= dialect.width:
        return None
    try:
        frame = pl.read_csv(
            chunk.encode(),
            has_header=False,
            separator=dialect.delimiter,
            schema=dict.fromkeys(names(dialect.width), pl.String),
            empty_string_is_null=False,
            missing_columns="insert",
            raise_if_empty=False,
        )
    except (pl.exceptions.PolarsError, ValueError):
        return None
    longest = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if frame.height else 0
    if frame.height != chunk.count("\n") or (longest or 0) > csv.field_size_limit():
        return None
    marked = frame.fill_null("").select(
        pl.int_range(line, line + pl.len(), dtype=pl.UInt32).alias(LINE), pl.lit(value=False).alias(EXCESS), pl.all()
    )
    return without_blanks(marked)


def _whole_cells(bare: str, delimiter: str) -> bool:
    """Whether each mark that stands for a quoted stretch is alone in its cell."""
    marks = bare.count(_END)
    before = bare.count(delimiter + _END) + bare.count("\n" + _END) + bare.startswith(_END)
    return before == marks == bare.count(_END + delimiter) + bare.count(_END + "\n")


def _next(records: Iterator[list[str]], line: int) -> list[str] | None:
    try:
        return next(records, None)
    except csv.Error:
        words = f"a cell is longer than {csv.field_size_limit():,} characters. Is a quote never closed?"
        raise too_long(line, words) from None


def _from_line(text: str, number: int) -> str:
    """The text behind its first `number` lines."""
    return text.split("\n", number)[number] if number else text


def _never_closed(line: int) -> DomainError:
    return invalid(f"Line {line:,}: a quote opens here and is never closed.")

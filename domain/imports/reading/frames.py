"""Rows become frames: the columns `line` and `excess`, then "0", "1", … as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from domain.errors import DomainError, ErrorCode
from domain.imports.reading.dialect import BLANK
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


LINE, EXCESS = "line", "excess"
"""The two columns of a frame that are not the list's own."""
_MOST_BYTES: Final = 32 * 1024**2


def names(width: int) -> list[str]:
    """The names of a frame's own columns."""
    return [str(number) for number in range(width)]


def from_rows(rows: Sequence[Sequence[str]], lines: Sequence[int], width: int) -> pl.DataFrame:
    """Rows of any length as a frame: short ones filled up, long ones cut and marked unless the rest is blank."""
    excess = [len(row) > width and any(cell.strip(BLANK) for cell in row[width:]) for row in rows]
    if any(len(row) != width for row in rows):
        rows = [(*row[:width], *[""] * (width - len(row))) for row in rows]
    columns = zip(names(width), zip(*rows, strict=True) if rows else [()] * width, strict=True)
    given = {LINE: pl.Series(lines, dtype=pl.UInt32), EXCESS: pl.Series(excess, dtype=pl.Boolean)}
    return without_blanks(pl.DataFrame(given | {name: pl.Series(cells, dtype=pl.String) for name, cells in columns}))


def without_blanks(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a value somewhere."""
    own = pl.exclude(LINE, EXCESS)
    return frame.filter(pl.any_horizontal(own.str.strip_chars(BLANK) != "") | pl.col(EXCESS))


def trimmed(column: str) -> pl.Expr:
    """A column without the space around its values: ASCII, NBSP and their kin, zero-width ones too."""
    return pl.col(column).str.strip_chars(BLANK)


def regrouped(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of `rows` (fewer when they are heavy, and at the end)."""
    waiting: list[pl.DataFrame] = []
    held = weight = 0
    for frame in frames:
        waiting.append(frame)
        held += frame.height
        weight += int(frame.estimated_size())
        if held < rows and weight < _MOST_BYTES:
            continue
        whole = pl.concat(waiting)
        cut = held if weight >= _MOST_BYTES and held < rows else held - held % rows
        for start in range(0, cut, rows):
            yield whole[start : min(start + rows, cut)].rechunk()
        waiting, held = [whole[cut:]], held - cut
        weight = int(waiting[0].estimated_size())
    if held:
        yield pl.concat(waiting, rechunk=True)


def too_long(line: int, words: str) -> DomainError:
    """A refusal of a record beyond all measure."""
    return DomainError(ErrorCode.TOO_LARGE, f"Line {line:,}: {words}")

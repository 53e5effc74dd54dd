"""A list as people make it, read into one normal form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, Final

from domain.errors import invalid
from domain.imports.reading import encoding, kind, records, xlsx
from domain.imports.reading.dialect import Dialect, dialect_of, header_of
from domain.imports.reading.frames import from_rows, regrouped
from domain.imports.reading.gunzip import gunzip, pieces
from domain.imports.reading.limits import LIMITS, Limits
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


BATCH: Final = 50_000
XLSX: Final = "XLSX"
_HEAD: Final = 256 * 1024
_SAMPLE: Final = 200
_FEW: Final = 8
"""Frames: of about 2 MiB of the file each."""


@dataclass(frozen=True, slots=True)
class Table:
    """A readable list. What it holds is read again each time `batches` is called.

    `encoding` is "UTF-8", "UTF-16 LE", "UTF-16 BE", "Windows-1252" or "XLSX".
    """

    file: BinaryIO
    limits: Limits
    encoding: str
    compressed: bool
    dialect: Dialect

    @property
    def delimiter(self) -> str:
        """What separates the cells; empty for an XLSX."""
        return self.dialect.delimiter

    @property
    def header(self) -> tuple[str, ...]:
        """A unique name for each column: as written, `Email (2)` for a second one, `Column 3` for a nameless one."""
        return self.dialect.header

    @property
    def headless(self) -> bool:
        """Whether the file begins with data, so that every name is made up."""
        return self.dialect.headless

    def batches(self, rows: int = BATCH) -> Iterator[pl.DataFrame]:
        """The data from the start of the file, in frames of `rows` rows, the same ones each time; heavy rows in fewer.

        Columns: `line` (UInt32, where the row begins in the file, from 1; an XLSX's row number), `excess` (Boolean:
        it has more cells than the header), then "0", "1", … (String, never null, as written; `frames.trimmed` takes
        the space off) in the header's order. Blank rows are left out. Blocking: pull it from a thread. Raises
        DomainError as `read_table`, with the line in its words.
        """
        return regrouped(self._frames(), rows)

    def first(self, rows: int) -> pl.DataFrame:
        """Up to so many rows of the beginning of the file, of which no more than 16 MiB is read. Raises DomainError."""
        return next(regrouped(islice(self._frames(), _FEW), rows), from_rows([], [], self.dialect.width))

    def _frames(self) -> Iterator[pl.DataFrame]:
        self.file.seek(0)
        return self._sheet() if self.encoding == XLSX else self._text()

    def _text(self) -> Iterator[pl.DataFrame]:
        bytes_ = _bytes(self.file, self.limits, compressed=self.compressed)
        return records.frames(encoding.decoded(bytes_, self.encoding), self.dialect, self.limits)

    def _sheet(self) -> Iterator[pl.DataFrame]:
        header = not self.headless
        for found in xlsx.rows(self.file, self.limits):
            rows = found[1:] if header else found
            header = header and not found
            yield from_rows([cells for _, cells in rows], [line for line, _ in rows], self.dialect.width)


def read_table(file: BinaryIO, limits: Limits = LIMITS) -> Table:
    """Look at the start of a file (seekable) and say how to read it. Blocking: call it in a thread.

    Raises DomainError: INVALID for what is no list (empty, a PDF, a picture, …), in words; TOO_LARGE over a limit.
    """
    head = _head([file.read(_HEAD)])
    kind.check_bytes(head)
    if head.startswith(kind.ZIP):
        return Table(file, limits, XLSX, compressed=False, dialect=_sheet_dialect(file, limits))
    compressed = head.startswith(kind.GZIP)
    if compressed:
        file.seek(0)
        head = _head(gunzip(file, limits))
        kind.check_bytes(head)
        if head.startswith((kind.ZIP, kind.GZIP)):
            raise invalid("This file is compressed twice: unpack it once and upload that.")
    name = encoding.sniff(head)
    text = "".join(records.unified(encoding.decoded([head], name)))
    kind.check_text(text)
    whole = len(head) < _HEAD
    sample = text if whole else text[: text.rfind("\n") + 1] or text
    return Table(file, limits, name, compressed, dialect_of(sample, limits))


def _sheet_dialect(file: BinaryIO, limits: Limits) -> Dialect:
    beginning = chain.from_iterable(islice(xlsx.rows(file, limits), _FEW))
    sample = [cells for _, cells in islice(beginning, _SAMPLE)]
    if not sample:
        raise invalid("The first sheet of the workbook is empty.")
    header, headless = header_of(sample, limits)
    return Dialect("", 0, header, headless)


def _bytes(file: BinaryIO, limits: Limits, *, compressed: bool) -> Iterator[bytes]:
    return gunzip(file, limits) if compressed else pieces(file)


def _head(bytes_: Iterable[bytes]) -> bytes:
    head = bytearray()
    for piece in bytes_:
        head += piece
        if len(head) >= _HEAD:
            break
    return bytes(head[:_HEAD])

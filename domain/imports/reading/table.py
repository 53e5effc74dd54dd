"""A list as people make it, read into one normal form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from domain.imports.reading.limits import LIMITS, Limits

BATCH = 50_000
LINE, EXCESS = "line", "excess"
"""The two columns of a batch that are not the file's."""


@dataclass(frozen=True, slots=True)
class Table:
    """A readable list.

    `header` has a unique name for each column: as written, `Email (2)` for a second one, `Column 3` for a nameless
    one. `headless`: the file begins with data, so every name is made up. `encoding` is "UTF-8", "UTF-16 LE",
    "UTF-16 BE", "Windows-1252" or "XLSX"; `delimiter` is empty for an XLSX.
    """

    file: BinaryIO
    limits: Limits
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    headless: bool
    compressed: bool = False

    def batches(self, rows: int = BATCH) -> Iterator[pl.DataFrame]:
        """The data from the start of the file, in frames of at most `rows` rows, the same ones each time.

        Columns: `line` (UInt32, where the row begins in the file, from 1), `excess` (Boolean: it has more cells
        than the header), then "0", "1", … (String, never null, as written) in the header's order. Blank rows are
        left out. Blocking: pull it from a thread. Raises DomainError as `read_table`, with the line in its words.
        """
        raise NotImplementedError


def read_table(file: BinaryIO, limits: Limits = LIMITS) -> Table:
    """Look at the start of a file (seekable) and say how to read it. Blocking: call it in a thread.

    Raises DomainError: INVALID for what is no list (empty, a PDF, a picture, …), in words; TOO_LARGE over a limit.
    """
    raise NotImplementedError

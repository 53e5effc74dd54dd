"""An XLSX's shared strings: millions of texts in a temporary file, found again by number (ECMA-376, 18.4)."""

import mmap
import tempfile
from array import array
from collections.abc import Iterator
from typing import IO

from domain.errors import DomainError, ErrorCode
from domain.imports.reading.limits import Limits
from domain.imports.reading.xml import Walk, unescaped


class SharedStrings:
    """Texts by number, read as far as they are asked for.

    In bounded memory: 8 bytes each, and a file that the system may page out. Raises DomainError: INVALID, TOO_LARGE.
    """

    def __init__(self, part: IO[bytes] | None, limits: Limits) -> None:
        self._limits = limits
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        self._ends = array("Q", [0])
        self._waiting: list[bytes] = []
        self._mapped = 0
        self._map: mmap.mmap | None = None
        self._text: list[str] = []
        self._phonetic = False
        walk = Walk(limits)
        self._parser = walk.parser
        self._gather = walk.collect(self._text)
        walk.on(self._starts, self._ends_element)
        self._steps: Iterator[None] = walk.steps(part) if part else iter(())

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self._mapped and not self._read_up_to(number):
            return ""
        assert self._map is not None
        return self._map[self._ends[number] : self._ends[number + 1]].decode()

    def close(self) -> None:
        """Give the temporary file back."""
        if self._map:
            self._map.close()
        self._file.close()

    def _read_up_to(self, number: int) -> bool:
        while len(self._ends) <= number + 1:
            try:
                next(self._steps)
            except StopIteration:
                break
        self._file.writelines(self._waiting)
        self._file.flush()
        self._waiting = []
        self._mapped = len(self._ends) - 1
        if self._ends[-1]:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return 0 <= number < self._mapped and self._map is not None

    def _starts(self, name: str, _attributes: list[str]) -> None:
        if name == "t" and not self._phonetic:
            self._parser.CharacterDataHandler = self._gather
        elif name == "rPh":
            self._phonetic = True

    def _ends_element(self, name: str) -> None:
        self._parser.CharacterDataHandler = None
        if name == "si":
            raw = unescaped("".join(self._text)).encode("utf-8", "replace")
            self._text.clear()
            self._waiting.append(raw)
            self._ends.append(self._ends[-1] + len(raw))
            if len(self._ends) > self._limits.strings:
                words = f"The workbook has more than {self._limits.strings:,} different texts: save the sheet as CSV."
                raise DomainError(ErrorCode.TOO_LARGE, words)
        elif name == "rPh":
            self._phonetic = False

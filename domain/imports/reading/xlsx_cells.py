"""The cells of one sheet of an XLSX, as text (ECMA-376, 18.3.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import digits
from typing import IO, Final, TypeAlias

from domain.imports.reading.limits import Limits
from domain.imports.reading.xlsx_strings import SharedStrings
from domain.imports.reading.xlsx_styles import moment
from domain.imports.reading.xml import Walk, attributes, damaged, unescaped

Row: TypeAlias = tuple[int, list[str]]
"""The row's number in the sheet, and its cells from column A on."""
_MOST_ROWS: Final = 2**31
_LETTERS: Final = re.compile("[A-Z]{1,3}")


@dataclass(slots=True)
class Sheet:
    """A sheet's cells as they go by. Its handlers run five times a cell."""

    strings: SharedStrings
    dates: frozenset[str]
    limits: Limits
    epoch_1904: bool
    line: int = 0
    column: int = -1
    kind: str = ""
    style: str = ""
    phonetic: bool = False
    text: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    found: list[Row] = field(default_factory=list)
    places: "_Places" = field(default_factory=lambda: _Places())  # noqa: PLW0108 - defined below

    def rows(self, part: IO[bytes]) -> Iterator[list[Row]]:
        """The rows that hold something, piece by piece of the sheet. Raises DomainError INVALID."""
        walk = Walk(self.limits)
        gather, parser = walk.collect(self.text), walk.parser

        def start(name: str, given: list[str]) -> None:
            if self._starts(name, given):
                parser.CharacterDataHandler = gather

        def end(name: str) -> None:
            parser.CharacterDataHandler = None
            self._ends(name)

        walk.on(start, end)
        for _ in walk.steps(part):
            yield self.found
            self.found = []

    def _starts(self, name: str, given: list[str]) -> bool:
        """Whether the text of this element is a cell's."""
        if name == "c":
            self._cell(given)
        elif name == "row":
            self._row(given)
        elif name == "rPh":
            self.phonetic = True
        return name == "v" or (name == "t" and not self.phonetic)

    def _ends(self, name: str) -> None:
        if name == "c":
            self._cell_ends()
        elif name == "row":
            self._row_ends()
        elif name == "rPh":
            self.phonetic = False

    def _cell(self, given: list[str]) -> None:
        self.column += 1
        self.kind, self.style = "n", ""
        for index in range(0, len(given), 2):
            match given[index]:
                case "r":
                    self.column = self.places[given[index + 1].rstrip(digits)]
                case "t":
                    self.kind = given[index + 1]
                case "s":
                    self.style = given[index + 1]

    def _row(self, given: list[str]) -> None:
        number = attributes(given).get("r")
        self.line = int(number) if number else self.line + 1
        self.column = -1
        if not 0 < self.line < _MOST_ROWS:
            raise damaged()

    def _cell_ends(self) -> None:
        if self.text:
            value = self._value("".join(self.text))
            self.text.clear()
            # A cell beyond the last column that is read only shows that there are too many.
            _place(self.cells, min(self.column, self.limits.columns), value)

    def _row_ends(self) -> None:
        if any(self.cells):
            self.found.append((self.line, self.cells))
        self.cells = []

    def _value(self, text: str) -> str:
        match self.kind:
            case "s":
                return self.strings[int(text)]
            case "n":
                return self._number(text)
            case "b":
                return "true" if text.strip() in ("1", "true") else "false"
            case "e":
                return ""
        return unescaped(text)

    def _number(self, text: str) -> str:
        if self.style in self.dates:
            return moment(float(text), epoch_1904=self.epoch_1904) or text
        if text.isdigit():
            return text
        number = float(text)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


class _Places(dict[str, int]):
    """Column numbers, from 0, by their letters: `C` is 2. Worked out once each."""

    def __missing__(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise damaged()
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - 64
        self[letters] = number - 1
        return number - 1


def _place(cells: list[str], column: int, value: str) -> None:
    if column < len(cells):
        cells[column] = value
        return
    cells.extend([""] * (column - len(cells)))
    cells.append(value)

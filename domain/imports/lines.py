"""What a report says of one row of the file."""

from dataclasses import dataclass
from typing import Final

from domain.errors import ErrorCode

MAX_VALUE: Final = 200
"""Characters of a value that a report repeats: enough to find it in the file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One refusal: the line where the row begins, the column's header, its value as given, why, and in words."""

    line: int
    column: str | None
    value: str | None
    code: ErrorCode
    words: str

    def kept(self) -> tuple[int, str | None, str | None, str, str]:
        """As a row of the database, which can hold neither a NUL nor half a character."""
        value = None if self.value is None else self.value[:MAX_VALUE].replace("\x00", "\ufffd")
        return (self.line, self.column, value, self.code, self.words)

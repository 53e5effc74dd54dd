"""What a report says of one row of a file, which is refused before it is anybody."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.errors import ErrorCode
from domain.infra.db import Connection

MAX_VALUE: Final = 200
"""Characters of a value that a report repeats: enough to find it in the file."""

_WRITE = """
INSERT INTO bulk_refusal (account_id, operation_id, line, column_name, value, code, words)
SELECT $1, $2, * FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[])
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One refusal: the line where the row begins, the column's header, its value as given, why, and in words."""

    line: int
    column: str | None
    value: str | None
    code: ErrorCode
    words: str

    def kept(self) -> tuple[int, str | None, str | None, str, str]:
        """As a row of the database, which cannot hold a NUL."""
        value = None if self.value is None else self.value[:MAX_VALUE].replace("\x00", "\ufffd")
        return (self.line, self.column, value, self.code, self.words)


async def write_lines(connection: Connection, account_id: UUID, operation_id: UUID, lines: list[Line]) -> None:
    """Put lines into an operation's report."""
    if lines:
        columns = zip(*(line.kept() for line in lines), strict=True)
        await connection.execute(_WRITE, account_id, operation_id, *map(list, columns))

"""The lines of a list of opt-outs, as hashes of addresses. Blocking: for a thread."""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final

from domain.bulk.lines import Line
from domain.contacts import rules
from domain.contacts.given import AccountFacts
from domain.errors import DomainError, invalid
from domain.imports.columns import propose
from domain.imports.reading.table import Table, read_table
from domain.infra import storage
from domain.values import Channel

ROWS: Final = 5_000
"""Rows of a batch: what bounds how long another writer of the same addresses waits."""
_FIELDS: Final = {
    Channel.EMAIL: ("email",),
    Channel.SMS: ("mobile", "phone"),
    Channel.CALL: ("phone", "mobile"),
    Channel.POST: ("address",),
}
_HASHED: Final = re.compile(r"sha|hash", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(slots=True)
class Batch:
    """Some rows: the hashes of what could be read, each once, and a line for each that could not."""

    rows: int = 0
    hashes: set[bytes] = field(default_factory=set)
    refused: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """A list to be read, and in whose account."""

    object: str
    channel: Channel
    hashed: bool
    account: AccountFacts

    def count(self) -> int:
        """How many rows it has. Raises DomainError for what is no list."""
        with storage.reader(self.object) as file:
            table = read_table(file)
            return len(self._first(table, self._column(table)[1])) + sum(rows.height for rows in table.batches())

    def batches(self, skip: int) -> Generator[Batch, None, None]:
        """The rows behind the first `skip`, a few thousand at a time. Raises DomainError as `count`."""
        with storage.reader(self.object) as file:
            table = read_table(file)
            place, column = self._column(table)
            first = self._first(table, column)
            if first[skip:]:
                yield self._read(first, column)
            skip = max(skip - len(first), 0)
            for frame in table.batches(ROWS):
                rest = frame[skip:]
                skip = max(skip - frame.height, 0)
                if rest.height:
                    yield self._read(list(zip(rest["line"].to_list(), rest[str(place)].to_list(), strict=True)), column)

    def _column(self, table: Table) -> tuple[int, str]:
        """Which column holds them, and its name: the one whose name says so, else the first."""
        if self.hashed:
            named = [place for place, name in enumerate(table.header) if _HASHED.search(name)]
        else:
            fields = propose(table.header)
            named = [fields.index(name) for name in _FIELDS[self.channel] if name in fields]
        place = named[0] if named and not table.headless else 0
        return place, table.header[place]

    def _first(self, table: Table, column: str) -> list[tuple[int, str]]:
        """What was taken for the header, when it is no name but the first of the addresses."""
        if table.headless or propose([column])[0] is not None:
            return []
        try:
            self._hash(column)
        except DomainError:
            return []
        return [(table.dialect.skip + 1, column)]

    def _read(self, rows: list[tuple[int, str]], column: str) -> Batch:
        batch = Batch(len(rows))
        for line, value in rows:
            try:
                batch.hashes.add(self._hash(value))
            except DomainError as error:
                batch.refused.append(Line(line, column, value, error.code, error.message))
        return batch

    def _hash(self, value: str) -> bytes:
        if not self.hashed:
            known = rules.address(self.channel, value, self.account.default_country)
            return rules.address_hash(self.account.address_key, self.channel, known)
        digest = rules.strip(value)
        if not _SHA256.fullmatch(digest):
            raise invalid("Not a SHA-256 in hexadecimal: 64 characters, 0 to 9 and a to f.")
        return rules.keyed(self.account.address_key, self.channel, bytes.fromhex(digest))

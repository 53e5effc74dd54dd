"""Files that we make for clients: what an export wrote, a report that is kept. Had by a signed link."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.files import rules
from domain.infra import storage
from domain.infra.db import pool

KEPT_FOR: Final = timedelta(days=7)

_COLUMNS = "account_id, id, filename, content_type, object, size, operation_id, created_at, expires_at"
_INSERT = f"""
INSERT INTO stored_file (account_id, id, filename, content_type, object, size, operation_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_COLUMNS}
"""
_READ = f"SELECT {_COLUMNS} FROM stored_file WHERE account_id = $1 AND id = $2 AND expires_at > $3"
_OF = f"""
SELECT DISTINCT ON (operation_id) {_COLUMNS} FROM stored_file
 WHERE account_id = $1 AND operation_id = ANY($2) AND expires_at > $3 ORDER BY operation_id, id DESC
"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store. `object` is its key there, `size` its bytes."""

    account_id: UUID
    id: UUID
    filename: str
    content_type: str
    object: str
    size: int
    operation_id: UUID | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From its row."""
        return cls(**row)


async def keep(
    account_id: UUID, filename: str, content_type: str, chunks: AsyncIterator[bytes], operation_id: UUID | None = None
) -> StoredFile:
    """Store a stream as a file for a week, in constant memory; all of it or nothing.

    Raises DomainError for a bad file name, and whatever `chunks` raises.
    """
    name = rules.filename(filename)
    key = f"files/{account_id}/{uuid7()}"
    size = await storage.put(key, chunks)
    now = datetime.now(UTC)
    row = await pool().fetchrow(
        _INSERT, account_id, uuid7(), name, content_type, key, size, operation_id, now, now + KEPT_FOR
    )
    return StoredFile.of(row)


async def stored_file(actor: Actor, file_id: UUID) -> StoredFile | None:
    """One file, or None when the account has none of this id that has not expired."""
    row = await pool().fetchrow(_READ, actor.account_id, file_id, datetime.now(UTC))
    return row and StoredFile.of(row)


async def of_operations(actor: Actor, operation_ids: list[UUID]) -> dict[UUID, StoredFile]:
    """The latest file of each operation that has one."""
    rows = await pool().fetch(_OF, actor.account_id, operation_ids, datetime.now(UTC))
    return {row["operation_id"]: StoredFile.of(row) for row in rows}


async def is_there(file: StoredFile) -> bool:
    """Whether the store still has it."""
    return await storage.size(file.object) is not None


def content(file: StoredFile, start: int = 0) -> AsyncIterator[bytes]:
    """The file in pieces of about 1 MiB, from a byte on. Raises FileNotFoundError when it was swept meanwhile."""
    return storage.get(file.object, start)

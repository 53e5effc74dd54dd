"""Files that clients bring: announced, received, then taken by whatever works on them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.files import rules
from domain.infra import storage
from domain.infra.db import Connection, pool
from domain.infra.settings import settings

GOOD_FOR: Final = timedelta(hours=1)
"""How long a new upload's address takes a file."""
KEPT_FOR: Final = timedelta(days=7)
"""How long a file is kept after it came, or after it was last taken."""

_COLUMNS = "account_id, id, filename, content_type, declared_size, object, size, taken_at, expires_at"
_INSERT = f"""
INSERT INTO upload (account_id, id, filename, content_type, declared_size, actor, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {_COLUMNS}
"""
_READ = f"SELECT {_COLUMNS} FROM upload WHERE account_id = $1 AND id = $2 AND expires_at > $3"
_RECEIVED = """
UPDATE upload SET object = $3, size = $4, received_at = $5, expires_at = $6
 WHERE account_id = $1 AND id = $2 AND taken_at IS NULL
RETURNING old.object AS before
"""
_TAKEN = f"""
UPDATE upload SET taken_at = coalesce(taken_at, $3), expires_at = greatest(expires_at, $4)
 WHERE account_id = $1 AND id = $2 AND object IS NOT NULL RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was announced. `object`, its key in the store, and `size` in bytes are None until it came."""

    account_id: UUID
    id: UUID
    filename: str
    content_type: str
    declared_size: int | None
    object: str | None
    size: int | None
    taken_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From its row."""
        return cls(**row)


async def create_upload(actor: Actor, filename: str, content_type: str = rules.CSV, size: int | None = None) -> Upload:
    """Announce a file; it can be sent for an hour.

    Raises DomainError: INVALID (no name, no list's media type, empty), TOO_LARGE (over ASSENT_UPLOAD_LIMIT bytes).
    """
    name = rules.filename(filename, "filename")
    kind = rules.content_type(content_type, "contentType")
    declared = rules.declared_size(size, settings().upload_limit, "size")
    now = datetime.now(UTC)
    row = await pool().fetchrow(
        _INSERT, actor.account_id, uuid7(), name, kind, declared, actor.name, now, now + GOOD_FOR
    )
    return Upload.of(row)


async def upload(actor: Actor, upload_id: UUID) -> Upload | None:
    """One upload, or None when the account has none of this id that has not expired."""
    row = await pool().fetchrow(_READ, actor.account_id, upload_id, datetime.now(UTC))
    return row and Upload.of(row)


async def receive(announced: Upload, chunks: AsyncIterator[bytes]) -> int:
    """Store the file as it streams in and answer its size; sent again before it is taken, it replaces the first.

    Raises DomainError: TOO_LARGE over the limit or the announced size, INVALID when it is empty or falls short of
    the announced size, CONFLICT when something works on the file already; and whatever `chunks` raises. Nothing is
    kept of a file that was refused or cut off.
    """
    if announced.taken_at is not None:
        raise _taken()
    key = f"uploads/{announced.account_id}/{uuid7()}"
    size = await storage.put(key, _measured(announced, chunks))
    now = datetime.now(UTC)
    row = await pool().fetchrow(_RECEIVED, announced.account_id, announced.id, key, size, now, now + KEPT_FOR)
    if row is None:
        await storage.delete([key])
        raise _taken()
    if row["before"]:
        await storage.delete([row["before"]])
    return size


async def keep_text(actor: Actor, text: str, filename: str = "list.csv") -> Upload:
    """Keep a list that came inside a request as if it had been uploaded. Raises DomainError as `receive` does."""

    async def chunks() -> AsyncIterator[bytes]:
        yield text.encode("utf-8", "replace")

    announced = await create_upload(actor, filename)
    await receive(announced, chunks())
    kept = await upload(actor, announced.id)
    assert kept is not None
    return kept


async def received(actor: Actor, upload_id: UUID, *field: str) -> Upload:
    """An upload whose file has come. Raises DomainError: NOT_FOUND, REQUIRED when nothing was sent yet."""
    found = await upload(actor, upload_id)
    if found is None:
        raise not_found("upload", *field)
    if found.object is None:
        raise _not_sent(*field)
    return found


async def take(connection: Connection, account_id: UUID, upload_id: UUID, *field: str) -> Upload:
    """Say that something works on the file from now on: it can no longer be replaced, and is kept for a week.

    To be called in the transaction that records the work; any number of times. Raises DomainError: NOT_FOUND when
    it is not there or nothing was sent.
    """
    now = datetime.now(UTC)
    row = await connection.fetchrow(_TAKEN, account_id, upload_id, now, now + KEPT_FOR)
    if row is None:
        raise not_found("upload", *field)
    return Upload.of(row)


async def _measured(announced: Upload, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    limit = settings().upload_limit
    declared = announced.declared_size
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise rules.too_large(limit)
        if declared is not None and size > declared:
            raise DomainError(ErrorCode.TOO_LARGE, f"The file was announced with {declared} bytes and has more.")
        yield chunk
    if size == 0:
        raise invalid("The file is empty.")
    if declared is not None and size < declared:
        raise invalid(f"The file was announced with {declared} bytes and ended after {size}.")


def _taken() -> DomainError:
    return DomainError(ErrorCode.CONFLICT, "Something works on this file already: ask for a new upload.")


def _not_sent(*field: str) -> DomainError:
    return DomainError(ErrorCode.REQUIRED, "No file was sent to this upload yet: PUT it to its `url` first.", *field)

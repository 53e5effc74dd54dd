"""Put an operation on record: its row is the outbox, so it is lost with nothing but the request itself."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk.operation import COLUMNS, Operation, operation_of
from domain.bulk.values import BulkKind
from domain.consent.evidence import Evidence
from domain.errors import DomainError, ErrorCode, invalid
from domain.infra import queue
from domain.infra.db import Connection, pool, tx

MAX_KEY = 200

_INSERT = f"""
INSERT INTO bulk_operation AS o (account_id, id, kind, actor, summary, change, selection, evidence_id,
                                 idempotency_key, input_hash, created_at, starts_at)
VALUES ($1, $2, $3::bulk_kind, $4, $5, $6::jsonb, $7::jsonb, $8, $9, $10, $11, $12)
ON CONFLICT (account_id, kind, idempotency_key) DO NOTHING
RETURNING {COLUMNS}
"""
_SAME_KEY = f"""
SELECT o.input_hash, {COLUMNS} FROM bulk_operation o
 WHERE o.account_id = $1 AND o.kind = $2::bulk_kind AND o.idempotency_key = $3
"""
_EVIDENCE = """
INSERT INTO evidence (account_id, id, method, statement, obtained_at, url)
VALUES ($1, $2, $3::evidence_method, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as it came. `given` is its whole input, as JSON can say it: what a repeated key is compared by."""

    kind: BulkKind
    given: Mapping[str, Any]
    key: str | None = None

    @property
    def digest(self) -> bytes:
        """What tells it from another input."""
        return hashlib.sha256(orjson.dumps(self.given, option=orjson.OPT_SORT_KEYS)).digest()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request comes down to, once it has passed its checks."""

    summary: str
    change: Mapping[str, Any]
    selection: Mapping[str, Any]
    evidence: Evidence | None = None
    starts_at: datetime | None = None
    """Not before; None: at once."""


async def start(actor: Actor, wish: Wish, check: Callable[[datetime], Awaitable[Asked]]) -> Operation:
    """Put an operation on record, or answer the one that the same key and the same input made before.

    `check` raises the refusals, and is not called for a repeated request. Raises DomainError: CONFLICT for the same
    key with another input, INVALID for a bad key.
    """
    _check_key(wish.key)
    if before := await _before(actor, wish):
        return before
    now = datetime.now(UTC)
    asked = await check(now)
    async with tx() as connection:
        operation = await _insert(connection, actor, wish, asked, now)
    if operation is None:
        # Another request with this key was faster; it has committed, because this one waited for it.
        operation = await _before(actor, wish)
        assert operation is not None
        return operation
    if asked.starts_at is None or asked.starts_at <= now:
        queue.ring(queue.BULK, actor.account_id, operation.id)
    return operation


async def _before(actor: Actor, wish: Wish) -> Operation | None:
    row = None if wish.key is None else await pool().fetchrow(_SAME_KEY, actor.account_id, wish.kind, wish.key)
    if row is None:
        return None
    if row["input_hash"] != wish.digest:
        message = "This idempotency key was used for another request; take a new one."
        raise DomainError(ErrorCode.CONFLICT, message, "idempotencyKey")
    return operation_of(row)


async def _insert(connection: Connection, actor: Actor, wish: Wish, asked: Asked, now: datetime) -> Operation | None:
    evidence_id = uuid7() if asked.evidence else None
    row = await connection.fetchrow(
        _INSERT,
        actor.account_id,
        uuid7(),
        wish.kind,
        actor.name,
        asked.summary,
        orjson.dumps(asked.change).decode(),
        orjson.dumps(asked.selection).decode(),
        evidence_id,
        wish.key,
        wish.digest,
        now,
        asked.starts_at,
    )
    if row is not None and asked.evidence is not None and evidence_id is not None:
        await _keep(connection, actor.account_id, evidence_id, asked.evidence)
    return row and operation_of(row)


async def _keep(connection: Connection, account_id: UUID, evidence_id: UUID, given: Evidence) -> None:
    words = given.statement.strip()
    await connection.execute(_EVIDENCE, account_id, evidence_id, given.method, words, given.obtained_at, given.url)


def _check_key(key: str | None) -> None:
    if key is not None and (not key or len(key) > MAX_KEY or "\x00" in key):
        raise invalid(f"An idempotency key has 1 to {MAX_KEY} characters.", "idempotencyKey")

"""Hooks: addresses that providers call, each with secrets of its own."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, not_found
from domain.inbound.call import Hook
from domain.inbound.secret import KEYED, checked
from domain.inbound.values import HookKind
from domain.infra.db import pool, tx
from domain.infra.settings import settings
from domain.webhooks.sealed import Unreadable, seal, unseal

MOST: Final = 50
"""Hooks of one account."""
_MAC: Final = 16

_COLUMNS = "account_id, id, kind, key, secret, confirmation_url, created_at, last_received_at"
_LOCK = "SELECT FROM account WHERE account_id = $1 FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM inbound_hook WHERE account_id = $1"
_INSERT = f"""
INSERT INTO inbound_hook (account_id, id, kind, key, secret, created_at)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}
"""
_DELETE = "DELETE FROM inbound_hook WHERE account_id = $1 AND id = $2 RETURNING id"
_ALL = f"SELECT {_COLUMNS} FROM inbound_hook WHERE account_id = $1 ORDER BY id"
_ONE = f"SELECT {_COLUMNS} FROM inbound_hook WHERE account_id = $1 AND id = $2"
# Not at every call of a busy hook: a minute is near enough.
_RECEIVED = """
UPDATE inbound_hook SET last_received_at = $3, confirmation_url = $4
 WHERE account_id = $1 AND id = $2
   AND (coalesce(last_received_at < $3::timestamptz - interval '1 minute', true)
     OR confirmation_url IS DISTINCT FROM $4)
"""


@dataclass(frozen=True, slots=True)
class HookRow:
    """A hook as its account sees it. `token` is the secret part of its address."""

    id: UUID
    kind: HookKind
    token: str
    confirmation_url: str | None
    created_at: datetime
    last_received_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewHook:
    """A hook just made. `signing_key` signs what comes to a generic hook, and is shown this once."""

    row: HookRow
    signing_key: bytes | None


async def create_hook(actor: Actor, kind: HookKind, secret: str | None = None) -> NewHook:
    """Make an address for a provider to call; `secret` is what its calls are checked with (see `checked`).

    Raises DomainError: REQUIRED, INVALID or TOO_LARGE for the secret, TOO_LARGE for more than 50 hooks.
    """
    secret = checked(kind, secret)
    key, hook_id = secrets.token_bytes(32), uuid7()
    sealed = seal(secret.encode(), hook_id) if secret else None
    async with tx() as connection:
        await connection.execute(_LOCK, actor.account_id)
        if await connection.fetchval(_COUNT, actor.account_id) >= MOST:
            raise DomainError(ErrorCode.TOO_LARGE, f"An account has {MOST} hooks at most: delete one first.", "kind")
        now = datetime.now(UTC)
        row = await connection.fetchrow(_INSERT, actor.account_id, hook_id, kind, seal(key, hook_id), sealed, now)
    return NewHook(_row(row), key if kind in KEYED else None)


async def delete_hook(actor: Actor, hook_id: UUID) -> UUID:
    """Take an address away: whoever calls it is told that there is nothing. Raises DomainError NOT_FOUND."""
    async with tx() as connection:
        if await connection.fetchval(_DELETE, actor.account_id, hook_id) is None:
            raise not_found("hook", "id")
    return hook_id


async def hooks(actor: Actor) -> list[HookRow]:
    """The account's hooks, oldest first. One whose secrets cannot be read any more is left out."""
    return [_row(row) for row in await pool().fetch(_ALL, actor.account_id) if _readable(row)]


async def hook_behind(token: str) -> Hook | None:
    """The hook that an address is of, or None when it is forged, cut or deleted."""
    raw = _decoded(token)
    row = await pool().fetchrow(_ONE, UUID(bytes=raw[:16]), UUID(bytes=raw[16:32])) if raw else None
    if row is None or not _readable(row):
        return None
    key = unseal(row["key"], row["id"])[0]
    if not hmac.compare_digest(_mac(key), raw[32:]):
        return None
    secret = unseal(row["secret"], row["id"])[0].decode() if row["secret"] else None
    return Hook(row["account_id"], row["id"], HookKind(row["kind"]), key, secret)


def hook_url(token: str) -> str:
    """The address to enter at a provider."""
    return f"{settings().base_url}/hooks/{token}"


def status_callback(account_id: UUID, hook_id: UUID | None, key: bytes | None, message_id: UUID) -> str | None:
    """Where Twilio is to tell of a message's delivery: a hook, its `key` as it is kept.

    None where there is none, its key cannot be read any more, or nobody can reach us.
    """
    if hook_id is None or key is None or settings().public_url is None:
        return None
    try:
        token = _token(account_id, hook_id, unseal(key, hook_id)[0])
    except Unreadable:
        return None
    return f"{hook_url(token)}?message={message_id.hex}"


async def received(hook: Hook, confirmation_url: str | None) -> None:
    """Note that a genuine call came, and what it asks a person to open; nothing once others come after it."""
    await pool().execute(_RECEIVED, hook.account_id, hook.id, datetime.now(UTC), confirmation_url)


def _row(row: Any) -> HookRow:
    key = unseal(row["key"], row["id"])[0]
    token = _token(row["account_id"], row["id"], key)
    return HookRow(
        row["id"], HookKind(row["kind"]), token, row["confirmation_url"], row["created_at"], row["last_received_at"]
    )


def _token(account_id: UUID, hook_id: UUID, key: bytes) -> str:
    return urlsafe_b64encode(account_id.bytes + hook_id.bytes + _mac(key)).decode()


def _readable(row: Any) -> bool:
    try:
        unseal(row["key"], row["id"])
        return row["secret"] is None or bool(unseal(row["secret"], row["id"]))
    except Unreadable:
        return False


def _mac(key: bytes) -> bytes:
    return hmac.digest(key, b"assent: a hook's address", "sha256")[:_MAC]


def _decoded(token: str) -> bytes:
    """The octets of a token, empty when it is none. 48 of them are 64 characters without padding."""
    if len(token) != 64 or not token.isascii():
        return b""
    try:
        return urlsafe_b64decode(token)
    except ValueError:
        return b""

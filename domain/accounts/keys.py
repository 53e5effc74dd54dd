"""API keys: made, revoked, recognised. Only a hash is kept."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.models import ApiKey
from domain.actor import Actor, Scope
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import pool, tx
from domain.infra.scope import scoped

MIN_LENGTH = 20
ALL_SCOPES: tuple[Scope, ...] = tuple(Scope)
_USED_EVERY = timedelta(minutes=1)

_BY_HASH = "SELECT account_id, id, scopes, origins, expires_at, revoked_at, last_used_at FROM api_key WHERE hash = $1"
_BY_ORIGIN = """
SELECT EXISTS (SELECT FROM api_key
                WHERE origins <> '{}' AND origins @> ARRAY[$1] AND revoked_at IS NULL
                  AND (expires_at IS NULL OR expires_at > $2))
"""
_USED = "UPDATE api_key SET last_used_at = $3 WHERE account_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` is the credential itself and cannot be had again."""

    id: UUID
    text: str


async def create_key(
    actor: Actor,
    name: str,
    scopes: Sequence[Scope],
    text: str | None = None,
    expires_at: datetime | None = None,
    origins: Sequence[str] = (),
) -> NewKey:
    """Make a key of the actor's account, with a random text unless one is given.

    `origins`: the pages that may use it are served there (https://www.example.com); nobody else may then.
    Raises DomainError: INVALID for an empty name, no scope, an origin that is none, or a text under 20 characters;
    TAKEN for a text in use.
    """
    allowed = [origin_of(text, "origins", str(place)) for place, text in enumerate(origins)]
    if not name.strip() or not scopes:
        raise invalid("A key needs a name and at least one scope.", "name")
    text = text or f"assent_{secrets.token_urlsafe(32)}"
    if len(text) < MIN_LENGTH:
        raise invalid(f"A key has at least {MIN_LENGTH} characters.", "key")
    digest = key_hash(text)
    async with tx() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('api_key'))")
        if await connection.fetchrow(_BY_HASH, digest):
            raise DomainError(ErrorCode.TAKEN, "This key is in use.", "key")
        key = await ApiKey.create(
            id=uuid7(),
            account_id=actor.account_id,
            name=name.strip(),
            hash=digest,
            scopes=list(scopes),
            origins=list(dict.fromkeys(allowed)),
            created_at=datetime.now(UTC),
            expires_at=expires_at,
        )
    return NewKey(key.id, text)


async def keys(actor: Actor) -> list[ApiKey]:
    """The account's keys, oldest first, the revoked included."""
    return await scoped(ApiKey, actor).order_by("id")


async def revoke_key(actor: Actor, key_id: UUID) -> None:
    """Make a key useless from now on; again is harmless. Raises DomainError NOT_FOUND."""
    if not await scoped(ApiKey, actor).filter(id=key_id).exists():
        raise not_found("key", "id")
    await scoped(ApiKey, actor).filter(id=key_id, revoked_at=None).update(revoked_at=datetime.now(UTC))


async def authenticate(text: str) -> Actor | None:
    """The actor a key speaks for, or None when it is unknown, expired or revoked."""
    now = datetime.now(UTC)
    row = await pool().fetchrow(_BY_HASH, key_hash(text))
    if row is None or row["revoked_at"] or (row["expires_at"] and row["expires_at"] <= now):
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] > _USED_EVERY:
        await pool().execute(_USED, row["account_id"], row["id"], now)
    scopes = frozenset(Scope(scope) for scope in row["scopes"])
    return Actor(row["account_id"], f"key:{row['id']}", scopes, frozenset(row["origins"]))


async def is_origin_of_a_key(origin: str) -> bool:
    """Whether any key is bound to this origin: a preflight comes without its key (the Fetch standard, CORS)."""
    return bool(await pool().fetchval(_BY_ORIGIN, origin, datetime.now(UTC)))


def origin_of(text: str, *field: str) -> str:
    """An origin as browsers send it (RFC 6454): scheme, host and port, in small letters. Raises DomainError INVALID."""
    parts = urlsplit(text.strip().lower().rstrip("/"))
    plain = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not parts.hostname or plain != parts.geturl() or "@" in parts.netloc:
        raise invalid("An origin reads https://www.example.com, without a path.", *field)
    return plain


def key_hash(text: str) -> bytes:
    """What is kept of a key: SHA-256, since its text is random (no dictionary to guess from)."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()

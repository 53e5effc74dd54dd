"""API keys: made, read, revoked, recognised. Only a hash is kept."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.models import ApiKey
from domain.accounts.rules import line
from domain.actor import Actor, Scope
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import Connection, pool, tx
from domain.infra.scope import scoped

MIN_LENGTH: Final = 20
MAX_NAME: Final = 100
MAX_KEYS: Final = 200
"""Keys of an account that work at the same time."""
MAX_ORIGINS: Final = 20
ALL_SCOPES: tuple[Scope, ...] = tuple(Scope)
_RANDOM: Final = "assent_"
_SHOWN: Final = 5
"""So many letters of a random text are shown: 30 bits of its 256."""
_USED_EVERY = timedelta(minutes=1)

_BY_HASH = "SELECT account_id, id, scopes, origins, expires_at, revoked_at, last_used_at FROM api_key WHERE hash = $1"
_BY_ORIGIN = """
SELECT EXISTS (SELECT FROM api_key
                WHERE origins <> '{}' AND origins @> ARRAY[$1] AND revoked_at IS NULL
                  AND (expires_at IS NULL OR expires_at > $2))
"""
_USED = "UPDATE api_key SET last_used_at = $3 WHERE account_id = $1 AND id = $2"
_LIVE = """
SELECT count(*) FROM api_key
 WHERE account_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
"""
# A key arrives without its account, so its text has to be the only one of all accounts.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('api_key'))"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` is the credential itself and cannot be had again."""

    row: ApiKey
    text: str

    @property
    def id(self) -> UUID:
        """The key's id."""
        return self.row.id


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
    Raises DomainError: INVALID for an empty name, no scope, an expiry that is past, an origin that is none, or a text
    under 20 characters; TAKEN for a text in use; TOO_LARGE for a long name, and for more than 200 keys that work.
    """
    name = line(name, MAX_NAME, "name")
    if not scopes:
        raise invalid("A key needs at least one scope.", "scopes")
    if len(origins) > MAX_ORIGINS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_ORIGINS} origins.", "origins")
    allowed = [origin_of(text, "origins", str(place)) for place, text in enumerate(origins)]
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise invalid("A key's expiry lies in the future.", "expiresAt")
    async with tx() as connection:
        return await insert(connection, actor, name, scopes, text, expires_at, allowed)


async def insert(
    connection: Connection,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    text: str | None,
    expires_at: datetime | None,
    origins: Sequence[str],
) -> NewKey:
    """Write a key that was checked, in the caller's transaction. Raises DomainError: INVALID, TAKEN, TOO_LARGE."""
    made, now = text or f"{_RANDOM}{secrets.token_urlsafe(32)}", datetime.now(UTC)
    if len(made) < MIN_LENGTH:
        raise invalid(f"A key has at least {MIN_LENGTH} characters.", "key")
    await connection.execute(_LOCK)
    if await connection.fetchval(_LIVE, actor.account_id, now) >= MAX_KEYS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_KEYS} keys may work at a time: revoke one first.")
    if await connection.fetchrow(_BY_HASH, key_hash(made)):
        raise DomainError(ErrorCode.TAKEN, "This key is in use.", "key")
    row = await ApiKey.create(
        id=uuid7(),
        account_id=actor.account_id,
        name=name,
        prefix="" if text else made[: len(_RANDOM) + _SHOWN],
        hash=key_hash(made),
        scopes=list(dict.fromkeys(scopes)),
        origins=list(dict.fromkeys(origins)),
        created_at=now,
        expires_at=expires_at,
        actor=actor.name,
    )
    return NewKey(row, made)


async def keys(actor: Actor) -> list[ApiKey]:
    """The account's keys, oldest first, the revoked included."""
    return await scoped(ApiKey, actor).order_by("id")


async def keys_by_ids(actor: Actor, ids: Sequence[UUID]) -> Mapping[UUID, ApiKey]:
    """Those of these keys that the account has, by id."""
    return {key.id: key for key in await scoped(ApiKey, actor).filter(id__in=list(ids))}


async def revoke_key(actor: Actor, key_id: UUID) -> ApiKey:
    """Make a key useless from now on; again is harmless. Raises DomainError NOT_FOUND."""
    await scoped(ApiKey, actor).filter(id=key_id, revoked_at=None).update(revoked_at=datetime.now(UTC))
    key = await scoped(ApiKey, actor).get_or_none(id=key_id)
    if key is None:
        raise not_found("key", "id")
    return key


async def authenticate(text: str) -> Actor | None:
    """The actor a key speaks for, or None when it is unknown, expired or revoked.

    Whatever the text, its hash is looked up once: how long that takes says nothing about any key.
    """
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
    parts = _split(text)
    plain = f"{parts.scheme}://{parts.netloc}" if parts else ""
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or plain != parts.geturl()
        or "@" in parts.netloc
    ):
        raise invalid("An origin reads https://www.example.com, without a path.", *field)
    return plain


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text.strip().lower().rstrip("/"))
    except ValueError:
        return None


def key_hash(text: str) -> bytes:
    """What is kept of a key: SHA-256, since its text is random (no dictionary to guess from)."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()

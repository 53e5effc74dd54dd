"""A credential becomes an actor: `Authorization: Bearer <key or token>`, in a header or in a socket's first message.

Bad credentials are counted by the network address that they come from; whoever sends too many has to wait.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic
from typing import Final

from domain.accounts import tokens
from domain.accounts.jwks import Unreachable
from domain.accounts.keys import authenticate
from domain.actor import Actor
from domain.infra.bucket import pour

KEPT_SECONDS = 5.0
"""How long a verified credential is believed without asking again: a revoked one works no longer than this."""
MOST_BAD: Final = 30
"""Bad credentials that one network address (one /64 of IPv6) may send at once."""
FORGIVEN: Final = 0.1
"""How many of them are forgiven a second."""
_MOST_KEPT = 10_000
_verified: "OrderedDict[bytes, tuple[float, Actor]]" = OrderedDict()


@dataclass(slots=True)
class Held(Exception):  # noqa: N818 - nothing is wrong with the credential, as far as is known
    """A credential cannot be looked at now; in so many seconds it can."""

    retry_after: int
    limited: bool
    """Too many bad ones came from there; else the provider of tokens does not answer."""


async def actor_for(authorization: str | None, address: str | None = None) -> Actor | None:
    """The actor behind an Authorization header, or None when it names no valid key or token. Raises Held.

    With an address, a bad credential is counted; after too many of them, none is looked at that is not known to work.
    """
    scheme, _, text = (authorization or "").partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text:
        return None
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    kept = _verified.get(digest)
    if kept is not None and kept[0] > monotonic():
        return kept[1]
    # One that worked before is never held up by what its neighbours send.
    counted = _bucket(address) if address and kept is None else None
    if counted:
        await _refuse_when_full(counted)
    actor = await _verify(digest, text)
    if counted and actor is None:
        await pour(counted, 1, MOST_BAD, FORGIVEN)
    return actor


async def still_good(authorization: str | None) -> bool:
    """Whether a credential that was accepted before is so still; one that cannot be looked at now is."""
    try:
        return await actor_for(authorization) is not None
    except Held:
        return True


async def _refuse_when_full(bucket: str) -> None:
    level = await pour(bucket, 0, MOST_BAD, FORGIVEN)
    if level is not None and level.level + 1 > MOST_BAD:
        raise Held(max(1, ceil((level.level + 1 - MOST_BAD) / FORGIVEN)), limited=True)


async def _verify(digest: bytes, text: str) -> Actor | None:
    actor, seconds = await _found(text)
    if actor is None:
        _verified.pop(digest, None)
        return None
    _verified[digest] = (monotonic() + seconds, actor)
    _verified.move_to_end(digest)
    if len(_verified) > _MOST_KEPT:
        _verified.popitem(last=False)
    return actor


async def _found(text: str) -> tuple[Actor | None, float]:
    """The actor, and for how many seconds to believe it."""
    if not tokens.looks_like_one(text):
        return await authenticate(text), KEPT_SECONDS
    try:
        token = await tokens.verify(text)
    except Unreachable:
        raise Held(5, limited=False) from None
    if token is None:
        return None, 0.0
    return token.actor, min(KEPT_SECONDS, (token.expires_at - datetime.now(UTC)).total_seconds())


def _bucket(address: str) -> str:
    """The bucket of a network address; of IPv6 its /64, which one subscriber has to himself (RFC 6177)."""
    place = ip_address(address)
    if isinstance(place, IPv6Address):
        place = ip_network((place, 64), strict=False).network_address
    return f"credentials:{place}"


def forget_keys() -> None:
    """Forget every verified credential, so that the next request asks the database."""
    _verified.clear()

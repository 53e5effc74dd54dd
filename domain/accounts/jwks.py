"""An OpenID provider's public keys (RFC 7517), fetched when needed, kept for a while, asked for anew.

Sources: OpenID Connect Discovery 1.0 (section 4), RFC 8725 (best practices for JWTs).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from domain.infra.lazily import lazily
from domain.infra.log import logger

if TYPE_CHECKING:
    import aiohttp
    import jwt
else:
    aiohttp, jwt = lazily("aiohttp"), lazily("jwt")

FRESH_SECONDS: Final = 600.0
"""So long keys are used without asking again."""
STALE_SECONDS: Final = 24 * 3600.0
"""So long they are used while the provider does not answer."""
FLOOR_SECONDS: Final = 30.0
"""So long after asking the provider is not asked again, however many unknown keys tokens name."""
_TIMEOUT: Final = 5.0
_MOST_BYTES: Final = 256 * 1024
_MOST_KEYS: Final = 50
_PUBLIC: Final = frozenset({"RSA", "EC", "OKP"})
"""Kinds of keys (`kty`) that have a public half. A symmetric one (`oct`) is never taken from a public place."""

log = logger(__name__)


class Unreachable(Exception):  # noqa: N818 - a state, not a fault
    """The provider does not answer, and nothing that it said before is known."""


@dataclass(slots=True)
class KeySet:
    """One provider's keys, by their ids (`kid`)."""

    issuer: str
    url: str | None = None
    """Where they are; found in the provider's configuration when left out."""
    keys: "Mapping[str, jwt.PyJWK]" = field(default_factory=dict)
    fetched_at: float = float("-inf")
    asked_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def key(self, kid: str) -> "jwt.PyJWK | None":
        """The key of this id, None when the provider has none. Raises Unreachable."""
        if kid not in self.keys or monotonic() - self.fetched_at > FRESH_SECONDS:
            await self._refresh(kid)
        if monotonic() - self.fetched_at > STALE_SECONDS:
            raise Unreachable
        return self.keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        async with self._lock:
            fresh = kid in self.keys and monotonic() - self.fetched_at <= FRESH_SECONDS
            if fresh or monotonic() - self.asked_at < FLOOR_SECONDS:
                return
            self.asked_at = monotonic()
            try:
                self.keys = await self._fetch()
                self.fetched_at = monotonic()
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                log.warning("the provider's keys could not be fetched", exception=type(error).__name__)

    async def _fetch(self) -> "Mapping[str, jwt.PyJWK]":
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT)) as http:
            url = self.url or await self._discover(http)
            listed = (await _read(http, url)).get("keys")
        if not isinstance(listed, list):
            raise ValueError("There are no keys in it.")  # noqa: TRY004 - what came is wrong, no type
        found = [key for one in listed[:_MOST_KEYS] if (key := _key(one))]
        return {key.key_id: key for key in found if key.key_id is not None}

    async def _discover(self, http: "aiohttp.ClientSession") -> str:
        known = await _read(http, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        url = known.get("jwks_uri")
        if known.get("issuer") != self.issuer or not isinstance(url, str):
            raise ValueError("This is another provider's configuration.")
        return url


async def _read(http: "aiohttp.ClientSession", url: str) -> dict[str, Any]:
    """A JSON object from the provider. Raises ValueError, OSError, TimeoutError or aiohttp.ClientError."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("Keys are fetched over https alone.")
    async with http.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError("The provider answered with another status than 200.")
        body = await response.content.read(_MOST_BYTES + 1)
        while len(body) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES)):
            body += more
    value = orjson.loads(body) if len(body) <= _MOST_BYTES else None
    if not isinstance(value, dict):
        raise ValueError("This is no JSON object, or too large a one.")  # noqa: TRY004 - what came is wrong, no type
    return value


def _key(given: Any) -> "jwt.PyJWK | None":
    """A key that tokens may be signed with, None for one of another use or kind."""
    if not isinstance(given, dict) or given.get("kty") not in _PUBLIC or given.get("use", "sig") != "sig":
        return None
    if not isinstance(given.get("kid"), str):
        return None
    try:
        return jwt.PyJWK.from_dict(given)
    except jwt.PyJWTError:
        return None

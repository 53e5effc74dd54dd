"""Access tokens of an OpenID provider (JWT, RFC 7519), for people who use an application in the browser.

Sources: RFC 8725 (best practices), RFC 9068 (profile for access tokens), OpenID Connect Core 1.0.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from domain.accounts.jwks import KeySet
from domain.actor import Actor, Scope
from domain.infra.db import pool
from domain.infra.lazily import lazily
from domain.infra.settings import settings

if TYPE_CHECKING:
    import jwt
else:
    jwt = lazily("jwt")

SKEW_SECONDS: Final = 60
"""How far the provider's clock and ours may be apart."""
MAX_LENGTH: Final = 8_000
_MAX_SUBJECT: Final = 200

_EXISTS: Final = "SELECT EXISTS (SELECT FROM account WHERE account_id = $1)"


@dataclass(frozen=True, slots=True)
class Verified:
    """Whom a token speaks for, and until when."""

    actor: Actor
    expires_at: datetime


def looks_like_one(text: str) -> bool:
    """Whether a credential is to be read as a token: three parts, of which the first is a JSON object in base64url."""
    return text.startswith("eyJ") and text.count(".") == 2


async def verify(text: str) -> Verified | None:
    """Whom a token speaks for, None when it is not good here. Raises jwks.Unreachable.

    Good is: signed by the provider's key with an allowed algorithm, meant for us (`iss`, `aud`), within its time, and
    with an account of ours and scopes in its claims.
    """
    given = settings()
    if not given.oidc_issuer or not given.oidc_audience or len(text) > MAX_LENGTH:
        return None
    try:
        claims = await _claims(text, given.oidc_issuer, given.oidc_audience)
        until = datetime.fromtimestamp(claims["exp"] + SKEW_SECONDS, UTC) if claims else None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        return None
    return await _verified(claims, until) if claims and until else None


async def _claims(text: str, issuer: str, audience: str) -> dict[str, Any] | None:
    header = jwt.get_unverified_header(text)
    algorithm, kid = header.get("alg"), header.get("kid")
    # RFC 8725, 3.1: the algorithm is ours to choose, never the token's.
    if algorithm not in settings().algorithms or not isinstance(kid, str) or "crit" in header:
        return None
    key = await _provider(issuer, settings().oidc_jwks_url).key(kid)
    if key is None:
        return None
    claims: dict[str, Any] = jwt.decode(
        text,
        key,
        algorithms=[algorithm],
        audience=[one.strip() for one in audience.split(",")],
        issuer=issuer,
        leeway=SKEW_SECONDS,
        options={"require": ["exp", "iss", "aud", "sub"]},
    )
    return claims


@lru_cache(maxsize=4)
def _provider(issuer: str, url: str | None) -> KeySet:
    return KeySet(issuer, url)


async def _verified(claims: dict[str, Any], until: datetime) -> Verified | None:
    account, subject = _account(claims), claims["sub"]
    scopes = _scopes(claims)
    if account is None or not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT or not scopes:
        return None
    if not subject.isprintable() or not await pool().fetchval(_EXISTS, account):
        return None
    return Verified(Actor(account, f"user:{subject}", scopes), until)


def _account(claims: dict[str, Any]) -> UUID | None:
    """The account in the claim that the settings name; where they name an account, always that."""
    given = settings()
    if given.oidc_account is not None:
        return given.oidc_account
    value = claims.get(given.oidc_account_claim)
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _scopes(claims: dict[str, Any]) -> frozenset[Scope]:
    """Those of our scopes that stand in the claim, by their prefixed names; the default ones when it holds none."""
    given = settings()
    value = claims.get(given.oidc_scopes_claim)
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    ours = {f"{given.oidc_scope_prefix}{scope}": scope for scope in Scope}
    found = frozenset(ours[name] for name in names if isinstance(name, str) and name in ours)
    return found or frozenset(Scope(name.strip()) for name in given.oidc_scopes.split(",") if name.strip())


def forget() -> None:
    """Forget the providers' keys, so that the next token asks for them."""
    _provider.cache_clear()

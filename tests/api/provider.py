"""An OpenID provider on this machine: real keys, a real server, tokens of any shape."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from uuid import UUID

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "https://api.example.com"
RSA = rsa.generate_private_key(65537, 2048)
"""Made once: it takes a while."""


@dataclass
class Provider:
    """Publishes its keys, and counts how often it was asked for them."""

    issuer: str = ""
    account: UUID | None = None
    keys: dict[str, tuple[str, Any]] = field(default_factory=lambda: {"first": ("RS256", RSA)})
    asked: int = 0
    down: bool = False

    def token(self, kid: str = "first", algorithm: str | None = None, key: Any = None, **claims: Any) -> str:
        """A token that is good, but for what is given; a claim that is None is left out."""
        good = {"iss": self.issuer, "aud": AUDIENCE, "sub": "jane", "exp": time() + 300, "iat": time()}
        good |= {"assent_account": str(self.account), "scope": "openid assent:read"}
        given = {name: value for name, value in (good | claims).items() if value is not None}
        known = self.keys.get(kid, ("RS256", RSA))
        return jwt.encode(given, key or known[1], algorithm=algorithm or known[0], headers={"kid": kid})

    def rotate(self) -> None:
        """Sign with new keys, of two other kinds."""
        self.keys = {
            "second": ("ES256", ec.generate_private_key(ec.SECP256R1())),
            "third": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        }

    async def configuration(self, _request: web.Request) -> web.Response:
        """The discovery document."""
        return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"})

    async def published(self, _request: web.Request) -> web.Response:
        """The public keys, and some that are no keys to sign tokens with."""
        self.asked += 1
        if self.down:
            return web.Response(status=503)
        shared = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}
        return web.json_response({"keys": [*(_public(*one) for one in self.keys.items()), shared, {"kty": "RSA"}, 1]})


def _public(kid: str, made: tuple[str, Any]) -> dict[str, Any]:
    algorithm, key = made
    kind: Any = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}[algorithm]
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": algorithm}


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """A provider that listens."""
    provider = Provider()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.configuration)
    app.router.add_get("/keys", provider.published)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()

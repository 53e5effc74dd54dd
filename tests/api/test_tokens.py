"""Access tokens of an OpenID provider: which are good, for whom, and until when."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from time import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from api.auth import forget_keys
from domain.accounts import jwks, tokens
from domain.infra.settings import Settings
from tests.api.client import Client
from tests.api.live import Server
from tests.api.provider import AUDIENCE, RSA, Provider, providing
from tests.api.socket import connected as socket_connected
from tests.api.socket import opened

WHO = {"query": "{ viewer { actor scopes account { name } } }"}


@pytest.fixture
async def provider(api: Client, setting: Callable[..., None]) -> AsyncIterator[Provider]:
    """A provider that the settings name."""
    async with providing() as one:
        one.account = api.actor.account_id
        setting(ASSENT_OIDC_ISSUER=one.issuer, ASSENT_OIDC_AUDIENCE=AUDIENCE)
        tokens.forget()
        forget_keys()
        yield one


async def asks(api: Client, token: str) -> tuple[int, Any]:
    """The status, and who the caller is taken for."""
    response = await Client(api.actor, token).post(WHO)
    return response.status_code, (response.json().get("data") or {}).get("viewer")


async def test_a_token_speaks_for_a_user(api: Client, provider: Provider) -> None:
    """Its claims say who, in which account, with which scopes; of scopes that are not ours nothing is heard."""
    status, viewer = await asks(api, provider.token(scope="openid assent:read assent:write write"))
    assert (status, viewer["actor"], sorted(viewer["scopes"])) == (200, "user:jane", ["read", "write"])
    assert (await asks(api, provider.token(scope=["assent:read"])))[0] == 200
    assert provider.asked == 1


BAD: dict[str, dict[str, Any]] = {
    "expired": {"exp": time() - 3_600},
    "not yet": {"nbf": time() + 3_600},
    "without an end": {"exp": None},
    "with an end beyond all time": {"exp": 10**15},
    "with an end that is text": {"exp": "9999999999"},
    "with an end that is no number": {"exp": float("inf")},
    "of another issuer": {"iss": "https://other.example.com"},
    "for another audience": {"aud": "https://other.example.com"},
    "without an audience": {"aud": None},
    "without a subject": {"sub": None},
    "with a subject that is no text": {"sub": "a\nb"},
    "with a long subject": {"sub": "x" * 201},
    "without an account": {"assent_account": None},
    "with an account that is none": {"assent_account": "mine"},
    "of an account that is not here": {"assent_account": str(uuid4())},
    "without our scopes": {"scope": "openid profile"},
    "with a key nobody knows": {"kid": "unknown"},
    "too long": {"padding": "x" * 8_000},
}


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_token(api: Client, provider: Provider, what: str) -> None:
    """A token that is not good in any one way is no credential."""
    assert (await asks(api, provider.token(**BAD[what])))[0] == 401


async def test_clocks_may_be_a_minute_apart(api: Client, provider: Provider) -> None:
    """A token that ended, or begins, within 60 seconds is taken."""
    assert (await asks(api, provider.token(exp=time() - 30)))[0] == 200
    assert (await asks(api, provider.token(nbf=time() + 30)))[0] == 200


async def test_forged_tokens(api: Client, provider: Provider) -> None:
    """Signed by nobody, by somebody else, or with the public key as a shared secret (RFC 8725, 2.1): refused."""
    good = provider.token()
    header, body, _ = good.split(".")
    unsigned = urlsafe_b64encode(b'{"alg":"none","kid":"first"}').rstrip(b"=").decode()
    public = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    shared = jwt.encode(
        {"sub": "jane"}, "secret-secret-secret-secret-secret", algorithm="HS256", headers={"kid": "shared"}
    )
    as_secret = jwt.api_jws.PyJWS().encode(b"{}", public[:40], algorithm="HS256", headers={"kid": "first"})
    stranger = provider.token(key=rsa.generate_private_key(65537, 2048))
    forged = [
        f"{unsigned}.{body}.",
        f"{header}.{body}.AAAA",
        shared,
        as_secret,
        stranger,
        f"{good}x",
        "eyJ.eyJ.",
        "eyJ..x",
    ]
    assert [(await asks(api, one))[0] for one in forged] == [401] * len(forged)
    assert (await asks(api, good))[0] == 200


async def test_keys_are_rotated(api: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is not known is asked for, no more often than the floor allows; other kinds than RSA are taken."""
    assert (await asks(api, provider.token()))[0] == 200
    provider.rotate()
    assert [(await asks(api, provider.token(kid)))[0] for kid in ("second", "third")] == [401, 401]
    assert provider.asked == 1
    monkeypatch.setattr(jwks, "FLOOR_SECONDS", 0)
    assert [(await asks(api, provider.token(kid)))[0] for kid in ("second", "third")] == [200, 200]
    assert provider.asked == 2


async def test_a_provider_that_is_away(api: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its keys nobody can be told good or bad: 503. With keys from before, they are used."""
    provider.down = True
    assert (await asks(api, provider.token()))[0] == 503
    provider.down = False
    monkeypatch.setattr(jwks, "FLOOR_SECONDS", 0)
    assert (await asks(api, provider.token()))[0] == 200
    provider.down = True
    monkeypatch.setattr(jwks, "FRESH_SECONDS", 0)
    forget_keys()
    assert (await asks(api, provider.token()))[0] == 200


async def test_one_account_by_setting(api: Client, provider: Provider, setting: Callable[..., None]) -> None:
    """Where the settings name the account and the scopes, a token need not; what it says is not heard."""
    setting(
        ASSENT_OIDC_ACCOUNT=str(provider.account),
        ASSENT_OIDC_SCOPES="read",
        ASSENT_OIDC_JWKS_URL=f"{provider.issuer}/keys",
    )
    status, viewer = await asks(api, provider.token(assent_account=str(uuid4()), scope=None))
    assert (status, viewer["scopes"]) == (200, ["read"])


async def test_without_a_provider(api: Client, provider: Provider, setting: Callable[..., None]) -> None:
    """Where the settings name no provider, no token is good."""
    token = provider.token()
    setting(ASSENT_OIDC_AUDIENCE="")
    assert (await asks(api, token))[0] == 401


@pytest.mark.parametrize(
    "given",
    [{"oidc_algorithms": "none"}, {"oidc_algorithms": "RS256,HS256"}, {"oidc_algorithms": ""}, {"oidc_scopes": "all"}],
)
def test_unsafe_settings(given: dict[str, Any]) -> None:
    """Shared secrets and `none` cannot even be allowed; a scope that does not exist is refused at the start."""
    with pytest.raises(ValidationError):
        Settings(**given)


async def test_sockets_take_tokens(live_server: Server, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """As requests do; one that has ended closes the socket with 4403."""
    monkeypatch.setattr("api.http.socket.RECHECK_SECONDS", 0.1)
    monkeypatch.setattr("api.http.socket.INIT_SECONDS", 0.1)
    async with opened(live_server.url) as socket:
        await socket.send("connection_init", payload={"authorization": f"Bearer {provider.token(exp=time() - 90)}"})
        assert await socket.closed() == 4403
    async with socket_connected(live_server.url, provider.token(exp=time() - 58)) as socket:
        assert await socket.closed() == 4403

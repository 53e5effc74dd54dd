"""Guessing keys: who sends too many bad ones has to wait, and nobody else does."""

import asyncio

import pytest

from api import auth
from api.auth import forget_keys
from domain.actor import Scope
from domain.infra import bucket, redis
from tests.api.client import Client
from tests.api.live import Server
from tests.api.socket import opened

TYPENAME = {"query": "{ __typename }"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three guesses, and then one in a thousand seconds."""
    monkeypatch.setattr(auth, "MOST_BAD", 3)
    monkeypatch.setattr(auth, "FORGIVEN", 0.001)
    forget_keys()


async def statuses(client: Client, *keys: str) -> list[int]:
    """The statuses of requests with these keys."""
    return [(await Client(client.actor, key).post(TYPENAME)).status_code for key in keys]


async def test_guessing_is_limited(api: Client) -> None:
    """After so many bad keys of one address even a good one has to wait, unless it is known to work."""
    known, new = await api.with_scopes(Scope.READ), await api.with_scopes(Scope.READ)
    assert await statuses(api, known.key, *[f"a-key-that-is-guessed-{n}" for n in range(5)]) == [
        200,
        401,
        401,
        401,
        429,
        429,
    ]
    response = await new.post(TYPENAME)
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 900 < int(response.headers["retry-after"]) <= 1_000
    assert await statuses(api, known.key) == [200]


async def test_good_keys_are_not_counted(api: Client) -> None:
    """However many keys an address uses for the first time."""
    clients = [await api.with_scopes(Scope.READ) for _ in range(6)]
    assert await statuses(api, *[client.key for client in clients]) == [200] * 6


async def test_good_keys_at_once_are_not_counted(api: Client) -> None:
    """As after a restart, when everybody comes back in the same moment."""
    forget_keys()
    answers = await asyncio.gather(*(statuses(api, api.key) for _ in range(12)))
    assert answers == [[200]] * 12


async def test_without_redis_nobody_is_limited(api: Client) -> None:
    """What cannot be counted is let pass, and still has to be a key."""
    await redis.close()
    redis.connect("redis://127.0.0.1:1")
    try:
        assert await statuses(api, *[f"a-key-that-is-guessed-{n}" for n in range(5)], api.key) == [401] * 5 + [200]
    finally:
        bucket.forget()


async def test_sockets_count_too(live_server: Server) -> None:
    """A socket's first message is a guess like any other."""
    codes = []
    for n in range(4):
        async with opened(live_server.url) as socket:
            await socket.send("connection_init", payload={"authorization": f"Bearer a-key-that-is-guessed-{n}"})
            codes.append(await socket.closed())
    assert codes == [4403, 4403, 4403, 1013]


def test_an_ipv6_subscriber_is_one_address() -> None:
    """A /64 counts as one: its holder has all of its addresses."""
    assert auth._bucket("2001:db8::1") == auth._bucket("2001:db8::ffff:2") != auth._bucket("2001:db8:0:1::1")

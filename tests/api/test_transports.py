"""Whatever the transport, a subscription behaves the same."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any

import pytest

from api.auth import forget_keys
from api.http import persisted, stream, streams
from api.http import socket as sockets
from api.http.metrics import REGISTRY
from domain.accounts.keys import keys, revoke_key
from tests.api.client import Client
from tests.api.transports import TRANSPORTS, Listen, Listener, Refused

FEED = (
    "subscription($after: String, $until: String) { consentEvents(after: $after, until: $until) { position action } }"
)


@pytest.fixture(params=list(TRANSPORTS))
def listen(request: pytest.FixtureRequest) -> Listen:
    """Each of the transports."""
    return TRANSPORTS[request.param]


def asked(query: str, **variables: Any) -> dict[str, Any]:
    """A request."""
    return {"query": query, "variables": variables}


async def data(listener: Listener) -> dict[str, Any]:
    """The data of the next answer."""
    answer = await listener.next()
    assert answer is not None
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]
    return found


async def code(listener: Listener) -> str:
    """The code of the error that the next answer is."""
    answer = await listener.next()
    assert answer is not None
    found: str = answer["errors"][0]["extensions"]["code"]
    return found


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


def served() -> float:
    """How many subscriptions are being served."""
    return REGISTRY.get_sample_value("assent_streams") or 0


async def test_values_in_order_then_the_end(api: Client, server: str, listen: Listen) -> None:
    """What was missed arrives in order, and the operation completes where it was told to."""
    for _ in range(3):
        await api.contact()
    positions = [
        node["position"]
        for node in (await api.query("{ consentEvents { nodes { position } } }"))["consentEvents"]["nodes"]
    ]
    async with listen(server, api.key, asked(FEED, after="0", until=positions[-1])) as listener:
        seen = [(await data(listener))["consentEvents"]["position"] for _ in positions]
        assert await listener.next() is None
    assert seen == positions
    await eventually(lambda: served() == 0)


async def test_what_happens_now(api: Client, server: str, listen: Listen) -> None:
    """Each change arrives when it is made, and goes on from where a client left off."""
    await api.contact()
    async with listen(server, api.key, asked(FEED, after="0")) as listener:
        before = [(await data(listener))["consentEvents"] for _ in range(2)]
    await api.contact()
    async with listen(server, api.key, asked(FEED, after=before[-1]["position"])) as listener:
        after = [(await data(listener))["consentEvents"] for _ in range(2)]
        await api.contact()
        now = [(await data(listener))["consentEvents"] for _ in range(2)]
    positions = [int(event["position"]) for event in before + after + now]
    assert positions == sorted(set(positions))
    assert [event["action"] for event in now] == ["CONTACT_CREATED", "ADDRESS_ADDED"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($x: ID!) { bulkOperation(id: $x) { id } }", "BAD_USER_INPUT"),
        ('subscription { consentEvents(after: "x") { id } }', "INVALID"),
        ('subscription { bulkOperation(id: "x") { id } }', "NOT_FOUND"),
    ],
)
async def test_an_operation_that_cannot_run(
    api: Client, server: str, listen: Listen, query: str, expected: str
) -> None:
    """Its reason arrives as an error with a code, and nothing is left behind."""
    async with listen(server, api.key, asked(query)) as listener:
        assert await code(listener) == expected
    await eventually(lambda: served() == 0)


async def test_no_key_no_stream(api: Client, server: str, listen: Listen) -> None:
    """A key that is not valid is refused before anything runs."""
    with pytest.raises(Refused):
        async with listen(server, "wrong-key-that-nobody-has", asked(FEED)) as listener:
            await listener.next()


async def test_a_listener_that_leaves_is_let_go(api: Client, server: str, listen: Listen) -> None:
    """Its subscription is counted while it is there, and ends when it goes."""
    await api.contact()
    async with listen(server, api.key, asked(FEED, after="0")) as listener:
        await data(listener)
        assert served() == 1
    await eventually(lambda: served() == 0)


async def test_a_document_by_its_hash(api: Client, server: str, listen: Listen) -> None:
    """A hash alone is refused until the text came with it once."""
    await api.contact()
    persisted.forget()
    query = f"{FEED} # {getattr(listen, '__name__', listen)}"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    alone = {"variables": {"after": "0"}, "extensions": extensions}
    async with listen(server, api.key, alone) as listener:
        assert await code(listener) == "PERSISTED_QUERY_NOT_FOUND"
    for body in ({"query": query, **alone}, alone):
        async with listen(server, api.key, body) as listener:
            assert (await data(listener))["consentEvents"]["action"] == "CONTACT_CREATED"
    persisted.forget()
    async with listen(server, api.key, alone) as listener:  # from Redis, as another process would
        assert (await data(listener))["consentEvents"]["action"] == "CONTACT_CREATED"


async def test_a_revoked_key_loses_its_streams(
    api: Client, server: str, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscription does not outlive its key."""
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(sockets, "INIT_SECONDS", 0.05)
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.05)
    await api.contact()
    async with listen(server, api.key, asked(FEED, after="0")) as listener:
        await data(listener)
        await data(listener)
        for key in await keys(api.actor):
            await revoke_key(api.actor, key.id)
        forget_keys()
        with suppress(Refused):  # a socket is closed, with 4403; a response ends with an error
            assert await code(listener) == "UNAUTHENTICATED"
    await eventually(lambda: served() == 0)


async def test_a_key_has_only_so_many(
    api: Client, server: str, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One subscription more than a key may have is refused, until another one ends."""
    monkeypatch.setattr(streams, "MOST_A_KEY", 1)
    await api.contact()
    async with listen(server, api.key, asked(FEED, after="0")) as first:
        await data(first)
        async with listen(server, api.key, asked(FEED, after="0")) as second:
            assert await code(second) == "RATE_LIMITED"
    await eventually(lambda: served() == 0)
    async with listen(server, api.key, asked(FEED, after="0")) as listener:
        await data(listener)


async def test_queries_come_over_streams_too(api: Client, server: str, listen: Listen) -> None:
    """A client that only listens may ask as well: one answer, then the end."""
    async with listen(server, api.key, asked("{ viewer { scopes } }")) as listener:
        assert (await data(listener))["viewer"]["scopes"]
        assert await listener.next() is None


async def test_a_slow_reader_is_waited_for_then_given_up(
    api: Client, server: str, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing piles up for a reader that takes nothing: the stream stops, and ends when its patience does."""
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.3)
    sent = 0

    async def endless(*_: Any) -> Any:
        nonlocal sent
        from api.execution import Answer

        while True:
            sent += 1
            yield Answer(data={"text": token_hex(50_000)}, began=True)

    monkeypatch.setattr(stream, "answers", endless)
    monkeypatch.setattr(sockets, "answers", endless)
    async with listen(server, api.key, asked(FEED, after="0")):
        await eventually(lambda: sent > 3)
        await eventually(lambda: served() == 0)
    assert sent < 1_000

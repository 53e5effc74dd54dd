"""graphql-transport-ws, frame by frame."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from api.auth import forget_keys
from api.http import socket as served
from domain.accounts.keys import keys, revoke_key
from tests.api.client import Client
from tests.api.socket import connected, opened

INIT = "connection_init"


async def test_the_key_in_the_header_or_in_the_first_message(api: Client, server: str) -> None:
    """Either way the socket is the key's; the header's name may be in any case."""
    for headers, payload in (
        ({"authorization": f"Bearer {api.key}"}, None),
        ({}, {"authorization": f"Bearer {api.key}"}),
        ({}, {"Authorization": f"Bearer {api.key}"}),
    ):
        async with opened(server, additional_headers=headers) as socket:
            await socket.send(INIT, payload=payload)
            assert (await socket.receive()) == {"type": "connection_ack"}
            await socket.subscribe("{ viewer { scopes } }")
            assert (await socket.next())["viewer"]["scopes"]
            assert (await socket.receive()) == {"type": "complete", "id": "1"}


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer wrong"}, {"authorization": 7}, {"token": "x"}])
async def test_no_key_no_socket(api: Client, server: str, payload: Any) -> None:
    """Without a valid key the socket is closed with 4403."""
    async with opened(server) as socket:
        await socket.send(INIT, payload=payload)
        assert await socket.closed() == 4403


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('{"type": "subscribe", "id": "1", "payload": {"query": 7}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": 1}}', 4400),
        ('{"type": "subscribe", "id": "1"}', 4400),
        ('{"type": "subscribe", "payload": {"query": "{ __typename }"}}', 4400),
        ("[1]", 4400),
        ("null", 4400),
        ("{oops", 4400),
        ('{"type": "start"}', 4400),
        ("{}", 4400),
        (b"\x00", 4400),
        ('{"type": "connection_init"}', 4429),
        ("[" * 100_000, 4400),
        ('{"type": "complete"}', 4400),
        ('{"type": "complete", "id": 1}', 4400),
        ('{"type": "ping", "payload": 1}', 4400),
        ('{"type": "pong", "payload": "x"}', 4400),
    ],
)
async def test_what_is_no_message_closes_the_socket(api: Client, server: str, sent: str | bytes, code: int) -> None:
    """Each with the code that the protocol has for it."""
    async with connected(server, api.key) as socket:
        await socket.connection.send(sent)
        assert await socket.closed() == code


async def test_subscribing_comes_after_the_acknowledgement(api: Client, server: str) -> None:
    """Before it, the socket is closed with 4401."""
    async with opened(server) as socket:
        await socket.subscribe("{ __typename }")
        assert await socket.closed() == 4401


async def test_the_reason_for_closing_fits_its_frame(api: Client, server: str) -> None:
    """An id of many bytes, used twice, closes with 4409 all the same."""
    async with connected(server, api.key) as socket:
        for _ in range(2):
            await socket.subscribe("subscription { consentEvents { id } }", key="\u20ac" * 60)
        assert await socket.closed() == 4409


async def test_an_operation_in_use_is_not_begun_again(api: Client, server: str) -> None:
    """The same id twice at once closes with 4409; after its completion the id is free."""
    feed = "subscription { consentEvents { id } }"
    async with connected(server, api.key) as socket:
        await socket.subscribe(feed)
        await socket.send("complete", "1")
        await socket.subscribe(feed)
        await socket.subscribe(feed)
        assert await socket.closed() == 4409


async def test_errors_end_their_operation_alone(api: Client, server: str) -> None:
    """A document that cannot be run is answered with an error, and the socket goes on."""
    async with connected(server, api.key) as socket:
        for text, code, given in (
            ("{", "GRAPHQL_PARSE_FAILED", {}),
            ("{ nope }", "GRAPHQL_VALIDATION_FAILED", {}),
            (" ", "BAD_REQUEST", {}),
            ("query($a: String) { groups(search: $a) { nodes { id } } }", "BAD_USER_INPUT", {"a": "\x00"}),
        ):
            await socket.subscribe(text, **given)
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("error", "1")
            assert message["payload"][0]["extensions"]["code"] == code
        await socket.subscribe("{ __typename }")
        assert await socket.next() == {"__typename": "Query"}


async def test_pings_and_strays(api: Client, server: str) -> None:
    """A ping is answered, with its payload; a stray pong or completion is let be."""
    async with opened(server) as socket:
        await socket.send("ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}
        await socket.send("pong")
        await socket.send("complete", "nobody")
        await socket.send("ping")
        assert await socket.receive() == {"type": "pong"}


async def test_another_protocol_is_not_spoken(api: Client, server: str) -> None:
    """The old protocol, or none, closes with 4406."""
    for protocols in (["graphql-ws"], None):
        async with opened(server, subprotocols=protocols) as socket:
            assert await socket.closed() == 4406


async def test_a_page_of_another_site_may_not_connect(api: Client, server: str) -> None:
    """A browser says where its page comes from: our own address is let in, any other refused."""
    async with opened(server, origin=server) as socket:
        await socket.send("ping")
        assert await socket.receive() == {"type": "pong"}
    with pytest.raises(InvalidStatus):
        async with opened(server, origin="https://evil.example"):
            pass


async def test_a_socket_that_says_nothing_is_closed(api: Client, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without initialisation: 4408."""
    monkeypatch.setattr(served, "INIT_SECONDS", 0.05)
    async with opened(server) as socket:
        assert await socket.closed() == 4408


async def test_a_revoked_key_loses_its_sockets(api: Client, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscription does not outlive its key."""
    monkeypatch.setattr(served, "INIT_SECONDS", 0.05)
    monkeypatch.setattr(served, "RECHECK_SECONDS", 0.05)
    async with connected(server, api.key) as socket:
        await socket.subscribe("subscription { consentEvents { id } }")
        for key in await keys(api.actor):
            await revoke_key(api.actor, key.id)
        forget_keys()
        assert await socket.closed() == 4403


async def test_streams_on_one_socket_are_bounded(api: Client, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One socket cannot hold more than so many operations."""
    monkeypatch.setattr(served, "MAX_STREAMS", 3)
    async with connected(server, api.key) as socket:
        for number in range(4):
            await socket.subscribe("subscription { consentEvents { id } }", key=str(number))
        assert await socket.closed() == 4429


async def test_nothing_is_left_behind(api: Client, server: str) -> None:
    """When a client leaves in the middle, its operations end."""
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with connected(server, api.key) as socket:
            await socket.subscribe("subscription { consentEvents { id } }")
    for _ in range(100):
        if len(asyncio.all_tasks()) <= before:
            break
        await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) <= before

"""The subscription consentEvents: what was missed, then live, without a gap or a repeat."""

from typing import Any

import pytest

from tests.api.client import EVIDENCE, Client
from tests.api.socket import Socket, connected

FEED = "subscription($after: String, $actions: [ConsentAction!], $contact: ID) {"
FEED += " consentEvents(after: $after, actions: $actions, contact: $contact) { position action contact { id } } }"


async def some(socket: Socket, number: int) -> list[dict[str, Any]]:
    """The next so many entries."""
    return [(await socket.next())["consentEvents"] for _ in range(number)]


async def test_what_was_missed_then_live(api: Client, server: str) -> None:
    """From a position on, every entry arrives once and in order, those of before and those of now."""
    first = await api.contact()
    async with connected(server, api.key) as socket:
        await socket.subscribe(FEED, after="0")
        before = await some(socket, 2)
        second = await api.contact()
        after = await some(socket, 2)
    assert [event["action"] for event in before + after] == ["CONTACT_CREATED", "ADDRESS_ADDED"] * 2
    assert {event["contact"]["id"] for event in before} == {first["id"]}
    assert {event["contact"]["id"] for event in after} == {second["id"]}
    positions = [int(event["position"]) for event in before + after]
    assert positions == sorted(set(positions))


async def test_some_actions_of_one_contact(api: Client, server: str) -> None:
    """Only the actions and the contact that were asked for arrive."""
    one, two = await api.contact(), await api.contact()
    async with connected(server, api.key) as socket:
        await socket.subscribe(FEED, after="0", actions=["OPT_IN", "OPT_OUT"], contact=one["id"])
        for contact in (two, one):
            await api.changed("optInContact", contactId=contact["id"], evidence=EVIDENCE)
            await api.changed("optOutContact", contactId=contact["id"])
        events = await some(socket, 2)
    assert [event["action"] for event in events] == ["OPT_IN", "OPT_OUT"]
    assert {event["contact"]["id"] for event in events} == {one["id"]}


async def test_another_account_hears_nothing(api: Client, other: Client, server: str) -> None:
    """An account's feed holds its own entries alone."""
    async with connected(server, other.key) as socket:
        await socket.subscribe(FEED, after="0")
        await api.contact()
        mine = await other.contact()
        assert {event["contact"]["id"] for event in await some(socket, 2)} == {mine["id"]}


@pytest.mark.parametrize(("name", "value", "code"), [("after", "x", "INVALID"), ("contact", "x", "NOT_FOUND")])
async def test_bad_arguments_end_the_subscription(api: Client, server: str, name: str, value: str, code: str) -> None:
    """A malformed position or id is a clean error."""
    async with connected(server, api.key) as socket:
        await socket.subscribe(FEED, **{name: value})
        message = await socket.receive()
        while message["type"] == "complete":
            message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code

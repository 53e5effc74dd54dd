"""Subscribers who are answered alike share the work, and nothing else."""

import asyncio
from typing import Any

import pytest

from api import shared
from api.http import frames, uvicorn_frames
from api.shared import Portion
from domain.accounts.keys import create_key
from domain.actor import Actor, Scope
from domain.infra.db import tx
from domain.ledger import tail
from tests.api.client import Client
from tests.api.transports import TRANSPORTS, Listener

FEED = "subscription($after: String) { consentEvents(after: $after) { position } }"
WITH_CONTACT = "subscription($after: String) { consentEvents(after: $after) { position contact { firstName } } }"
_ENTRIES = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor)
SELECT $1, nextval('ledger_position'), now(), 'OPT_IN', 'OPERATOR', 'key:test' FROM generate_series(1, $2)
RETURNING position
"""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events that were executed."""
    found: list[Any] = []
    execute = shared.execute

    async def counted(executor: Any, event: Any) -> Any:
        found.append(event)
        return await execute(executor, event)

    monkeypatch.setattr(shared, "execute", counted)
    return found


async def entries(actor: Actor, number: int) -> list[str]:
    """Write so many entries; their positions."""
    async with tx() as connection:
        return [str(row["position"]) for row in await connection.fetch(_ENTRIES, actor.account_id, number)]


async def positions(listener: Listener, number: int) -> list[str]:
    """Of the next so many events."""
    found = []
    for _ in range(number):
        answer = await listener.next()
        assert answer is not None
        assert "errors" not in answer, answer
        found.append(answer["data"]["consentEvents"]["position"])
    return found


async def test_an_event_is_executed_once_for_all(api: Client, server: str, executed: list[Any]) -> None:
    """Whatever the transport and wherever they began: each has all events in order, and each was executed once."""
    early = await entries(api.actor, 20)
    asked = [{"query": FEED, "variables": {"after": after}} for after in (early[-1], early[-1], early[-1])]
    listening = [listen(server, api.key, body) for listen, body in zip(TRANSPORTS.values(), asked, strict=True)]
    listeners = [await one.__aenter__() for one in listening]
    try:
        written = await entries(api.actor, 700)
        seen = await asyncio.gather(*(positions(listener, 700) for listener in listeners))
    finally:
        for one in listening:
            await one.__aexit__(None, None, None)
    assert seen == [written] * 3
    assert len(executed) == 700


@pytest.mark.parametrize("other", ["document", "scopes"])
async def test_who_differs_is_answered_apart(api: Client, server: str, executed: list[Any], other: str) -> None:
    """Another document or another key's scopes are another answer; the same event is then executed for each."""
    key, query = api.key, FEED
    if other == "document":
        query = WITH_CONTACT
    else:
        key = (await create_key(api.actor, "reader", [Scope.READ])).text
    (before,) = await entries(api.actor, 1)
    variables = {"after": before}
    async with (
        TRANSPORTS["socket"](server, api.key, {"query": FEED, "variables": variables}) as one,
        TRANSPORTS["socket"](server, key, {"query": query, "variables": variables}) as two,
    ):
        written = await entries(api.actor, 3)
        assert await positions(one, 3) == await positions(two, 3) == written
    assert len(executed) == 6


async def test_what_is_read_now_is_not_what_was_read_long_ago(
    api: Client, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page is handed out for a while only: whoever comes later is shown what holds by then."""
    monkeypatch.setattr(tail, "KEPT_SECONDS", 0.0)
    (before,) = await entries(api.actor, 1)
    body = {"query": WITH_CONTACT, "variables": {"after": before}}
    async with TRANSPORTS["socket"](server, api.key, body) as one:
        contact = await api.contact(firstName="Ada")
        await one.next()
        await api.changed("updateContact", contactId=contact["id"], firstName="Grace")
        async with TRANSPORTS["socket"](server, api.key, body) as two:
            answer = await two.next()
    assert answer is not None
    assert answer["data"]["consentEvents"]["contact"] == {"firstName": "Grace"}


async def test_an_answer_with_errors_is_each_ones_own(
    api: Client, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault shows the id of the request whose it is, so it is not shared; the stream goes on in order."""
    from api import feed

    async def faulty(*_: Any) -> Any:
        raise ValueError("jane.roe@example.org")

    (before,) = await entries(api.actor, 1)
    await api.contact()
    monkeypatch.setattr(feed, "wrapped_by_id", faulty)
    monkeypatch.setattr(feed, "ahead", _nothing_ahead)
    body = {"query": WITH_CONTACT, "variables": {"after": before}}
    async with TRANSPORTS["socket"](server, api.key, body) as one, TRANSPORTS["socket"](server, api.key, body) as two:
        errors = [(await listener.next() or {})["errors"][0] for listener in (one, two)]
    assert [error["extensions"]["code"] for error in errors] == ["INTERNAL"] * 2
    assert len({error["extensions"]["requestId"] for error in errors}) == 2


async def _nothing_ahead(*_: Any) -> None:
    """So that the fields load what they need."""


@pytest.mark.parametrize("size", [1, 90, 125, 126, 65_400, 65_535, 65_536, 70_000])
def test_frames_of_every_length(size: int) -> None:
    """What is framed here, a WebSocket library reads as the same messages, whatever the id and the length."""
    from websockets.frames import Opcode
    from websockets.protocol import CLIENT, Protocol, State

    portion = Portion((b'"' + b"x" * size + b'"', b'{"data":{"name":"\xc3\x84"}}'))
    for key in ("1", 'quo"ted', "ä", "a-longer-id-of-36-letters-or-so-0001"):
        protocol = Protocol(CLIENT, state=State.OPEN)
        protocol.receive_data(frames.frames(portion, key))
        read = [frame for frame in protocol.events_received() if frame.opcode is Opcode.TEXT]  # type: ignore[union-attr]
        assert [bytes(frame.data).decode() for frame in read] == frames.messages(portion, key)  # type: ignore[union-attr]


async def test_a_server_that_frames_by_itself(api: Client, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the way to write frames the same messages go out one by one."""
    monkeypatch.setattr(uvicorn_frames, "EXTENSION", "unknown")
    body = {"query": FEED, "variables": {"after": "0"}}
    written = await entries(api.actor, 5)
    async with TRANSPORTS["socket"](server, api.key, body) as listener:
        assert await positions(listener, 5) == written


def test_portions_are_small() -> None:
    """What goes out at once stays small, so that a slow reader holds little; one large answer goes by itself."""
    small, large = b"x" * 30_000, b"y" * 100_000
    parts = list(shared._portions([small, small, small, large, shared.Apart(1), small]))
    sizes = [[len(body) for body in part.bodies] if isinstance(part, Portion) else part.event for part in parts]
    assert sizes == [[30_000, 30_000], [30_000], [100_000], 1, [30_000]]

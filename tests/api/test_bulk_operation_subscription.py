"""The subscription bulkOperation, with a real worker at work."""

from api.auth import actor_for
from domain.actor import Actor, Scope
from tests.api.client import Client
from tests.api.live import Server
from tests.api.socket import connected

FOLLOW = "subscription($id: ID!) { bulkOperation(id: $id) { status total processed changed progress } }"


async def client_of(server: Server) -> Client:
    """A client of the live server's account."""
    actor = await actor_for(f"Bearer {server.key}")
    assert actor is not None
    return Client(Actor(actor.account_id, "key:test", frozenset(Scope)), server.key)


async def test_it_follows_an_operation_to_its_end(live_server: Server) -> None:
    """The operation as it stands arrives, then each time it moves, and the subscription completes with it."""
    api = await client_of(live_server)
    for _ in range(5):
        await api.contact()
    async with connected(live_server.url, live_server.key) as socket:
        started = await api.changed(
            "bulkChangeStatus", "bulkOperation { id status }", selection={"everyone": True}, status="OPTED_OUT"
        )
        await socket.subscribe(FOLLOW, id=started["bulkOperation"]["id"])
        seen = []
        while (message := await socket.receive())["type"] == "next":
            seen.append(message["payload"]["data"]["bulkOperation"])
    assert message == {"type": "complete", "id": "1"}
    assert seen[-1] == {"status": "COMPLETED", "total": 5, "processed": 5, "changed": 5, "progress": 1.0}
    assert [one["processed"] for one in seen] == sorted(one["processed"] for one in seen)


async def test_an_unknown_operation_is_not_found(api: Client, server: str) -> None:
    """An id that names nothing is a clean error."""
    async with connected(server, api.key) as socket:
        await socket.subscribe(FOLLOW, id="QnVsa09wZXJhdGlvbjo")
        message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "NOT_FOUND"

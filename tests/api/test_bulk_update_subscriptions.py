"""bulkUpdateSubscriptions."""

from tests.api.client import Client
from tests.api.working import work_off

OPERATION = "bulkOperation { id kind summary status }"


async def test_topics_of_many(api: Client) -> None:
    """A topic goes off for everyone; the operation says what it does."""
    contacts = [await api.contact(), await api.contact()]
    (topic, *_) = (await api.query("{ topics { id name } }"))["topics"]
    switches = [{"topic": topic["id"], "subscribed": False}]
    payload = await api.changed(
        "bulkUpdateSubscriptions", OPERATION, selection={"everyone": True}, subscriptions=switches
    )
    started = payload["bulkOperation"]
    assert (started["kind"], started["status"]) == ("CHANGE_TOPICS", "QUEUED")
    assert started["summary"] == f"Switch “{topic['name']}” off: everyone"
    done = await work_off(api, started["id"])
    assert done.total == 2
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Contact { topics { topic { id } subscribed } } } }"
    for node in (await api.query(text, ids=[contact["id"] for contact in contacts]))["nodes"]:
        assert {"topic": {"id": topic["id"]}, "subscribed": False} in node["topics"]


async def test_what_is_refused(api: Client) -> None:
    """No topic, one that is none, one named twice, or nobody: each with its field."""
    await api.contact()
    (topic, *_) = (await api.query("{ topics { id } }"))["topics"]
    switch = {"topic": topic["id"], "subscribed": True}
    for selection, switches, expected in [
        ({"everyone": True}, [], ("INVALID", ["subscriptions"])),
        ({"everyone": True}, [switch | {"topic": "VG9waWM6MA"}], ("NOT_FOUND", ["subscriptions", "0", "topic"])),
        ({"everyone": True}, [switch, switch], ("DUPLICATE", ["subscriptions", "1", "topic"])),
        ({"tag": "nobody"}, [switch], ("INVALID", ["selection"])),
    ]:
        refused = await api.refused("bulkUpdateSubscriptions", selection=selection, subscriptions=switches)
        assert refused == [expected]

"""createTopic."""

from tests.api.client import Client


async def test_a_topic_is_there_for_everyone(api: Client) -> None:
    """On by default it is on for contacts at once, off for who had switched every topic off."""
    contact, quiet = await api.contact(), await api.contact()
    topics = (await api.query("{ topics { id } }"))["topics"]
    off = [{"topic": topic["id"], "subscribed": False} for topic in topics]
    await api.changed("updateSubscriptions", contactId=quiet["id"], subscriptions=off)
    payload = await api.changed(
        "createTopic", "topic { id key name defaultSubscribed }", key="events", name="Events", defaultSubscribed=True
    )
    assert payload["topic"]["key"] == "events"
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Contact { topics { topic { key } subscribed } } } }"
    for node, expected in zip(
        (await api.query(text, ids=[contact["id"], quiet["id"]]))["nodes"], (True, False), strict=True
    ):
        assert node["topics"][-1] == {"topic": {"key": "events"}, "subscribed": expected}


async def test_a_key_is_unique_and_plain(api: Client) -> None:
    """A key in use is TAKEN, one with other characters INVALID."""
    assert await api.refused("createTopic", key="newsletter", name="Again") == [("TAKEN", ["key"])]
    for key in ("", "With Space", "Ä", "1st", "x" * 100):
        ((code, field),) = await api.refused("createTopic", key=key, name="Name")
        assert code in ("INVALID", "TOO_LARGE")
        assert field == ["key"]

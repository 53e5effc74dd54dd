"""updateSubscriptions."""

from tests.api.client import Client, actions

TOPICS = "contact { topics { topic { id key } subscribed updatedAt } }"


async def topics_of(api: Client) -> list[str]:
    """The ids of the account's topics."""
    return [topic["id"] for topic in (await api.query("{ topics { id } }"))["topics"]]


async def test_switching_off_and_on(api: Client) -> None:
    """A switch takes effect at once; topics not named stay; again changes nothing."""
    topic, *_ = await topics_of(api)
    contact = await api.contact()
    for subscribed, action in ((False, "TOPIC_OFF"), (True, "TOPIC_ON")):
        switch = [{"topic": topic, "subscribed": subscribed}]
        payload = await api.changed(
            "updateSubscriptions",
            f"{TOPICS} events {{ action topic {{ id }} }}",
            contactId=contact["id"],
            subscriptions=switch,
        )
        assert payload["events"] == [{"action": action, "topic": {"id": topic}}]
        assert [one["subscribed"] for one in payload["contact"]["topics"]] == [subscribed, True, True, True]
        again = await api.changed("updateSubscriptions", contactId=contact["id"], subscriptions=switch)
        assert actions(again) == []


async def test_no_topic_left_is_no_opt_out(api: Client) -> None:
    """Without a topic nothing is sent, but permission stands."""
    contact = await api.opted_in()
    switches = [{"topic": topic, "subscribed": False} for topic in await topics_of(api)]
    payload = await api.changed(
        "updateSubscriptions",
        "contact { optedIn subscribed }",
        contactId=contact["id"],
        subscriptions=switches,
    )
    assert payload["contact"] == {"optedIn": True, "subscribed": False}


async def test_a_topic_that_is_none(api: Client) -> None:
    """An unknown topic is NOT_FOUND at its index, one named twice DUPLICATE."""
    topic, *_ = await topics_of(api)
    contact = await api.contact()
    good, bad = {"topic": topic, "subscribed": True}, {"topic": "VG9waWM6", "subscribed": True}
    assert await api.refused("updateSubscriptions", contactId=contact["id"], subscriptions=[good, bad]) == [
        ("NOT_FOUND", ["subscriptions", "1", "topic"])
    ]
    ((code, _),) = await api.refused("updateSubscriptions", contactId=contact["id"], subscriptions=[good, good])
    assert code == "DUPLICATE"

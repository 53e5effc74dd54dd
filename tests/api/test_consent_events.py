"""consentEvents, and the history of one contact."""

from typing import Any

import pytest

from tests.api.client import EVIDENCE, Client

FEED = """query($first: Int, $after: String, $actions: [ConsentAction!], $contact: ID) {
  consentEvents(first: $first, after: $after, actions: $actions, contact: $contact) {
    edges { cursor } nodes { id position action from to contact { id } } pageInfo { hasNextPage endCursor } } }"""


async def feed(api: Client, **variables: Any) -> Any:
    """A page of the feed."""
    return (await api.query(FEED, **variables))["consentEvents"]


async def test_the_feed_in_order_none_missed(api: Client) -> None:
    """Page by page the feed holds every entry once, in order; what comes later is read from where one stopped."""
    contact = await api.opted_in()
    one = await feed(api, first=2)
    two = await feed(api, first=2, after=one["pageInfo"]["endCursor"])
    assert [node["action"] for node in one["nodes"] + two["nodes"]] == ["CONTACT_CREATED", "ADDRESS_ADDED", "OPT_IN"]
    assert (one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (True, False)
    assert [edge["cursor"] for edge in one["edges"]] == [node["position"] for node in one["nodes"]]
    await api.changed("optOutContact", contactId=contact["id"])
    later = await feed(api, after=two["pageInfo"]["endCursor"])
    assert [(node["from"], node["to"]) for node in later["nodes"]] == [("SINGLE_OPT_IN", "OPTED_OUT")]


async def test_some_actions_or_one_contact(api: Client) -> None:
    """The feed can be narrowed."""
    one, _ = await api.opted_in(), await api.opted_in()
    assert len((await feed(api, actions=["OPT_IN"]))["nodes"]) == 2
    only = await feed(api, contact=one["id"], actions=["OPT_IN", "OPT_OUT"])
    assert [node["contact"]["id"] for node in only["nodes"]] == [one["id"]]
    assert (await feed(api, actions=[]))["nodes"] == []


async def test_an_entry_is_a_node(api: Client) -> None:
    """An entry can be fetched again by its id."""
    await api.contact()
    (entry, *_) = (await feed(api))["nodes"]
    text = "query($id: ID!) { node(id: $id) { id ... on ConsentEvent { position action } } }"
    node = (await api.query(text, id=entry["id"]))["node"]
    assert node == {"id": entry["id"], "position": entry["position"], "action": "CONTACT_CREATED"}


async def test_history_is_newest_first(api: Client) -> None:
    """A contact's own entries, the latest on top, page by page."""
    contact = await api.opted_in()
    await api.changed("optOutContact", contactId=contact["id"], reason="Enough")
    text = """query($id: ID!, $after: String) { node(id: $id) { ... on Contact { events(first: 2, after: $after) {
        nodes { action reason evidence { statement } } pageInfo { hasNextPage endCursor } } } } }"""
    one = (await api.query(text, id=contact["id"]))["node"]["events"]
    two = (await api.query(text, id=contact["id"], after=one["pageInfo"]["endCursor"]))["node"]["events"]
    seen = [node["action"] for node in one["nodes"] + two["nodes"]]
    assert seen == ["OPT_OUT", "OPT_IN", "ADDRESS_ADDED", "CONTACT_CREATED"]
    assert one["nodes"][0]["reason"] == "Enough"
    assert one["nodes"][1]["evidence"] == {"statement": EVIDENCE["statement"]}


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "9" * 30, "\u0661", "QQ"])
async def test_a_position_that_is_none(api: Client, after: str) -> None:
    """A malformed position is INVALID; an empty one, too."""
    error = await api.error(FEED, after=after)
    assert error["extensions"]["code"] == "INVALID"

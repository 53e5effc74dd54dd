"""contactChanges: the contacts that changed, as they now stand, each once, from any position on."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.api.socket import connected

PAGE = """query($first: Int, $after: String) { contactChanges(first: $first, after: $after) {
  nodes { contactId position contact { id optedIn } }
  edges { cursor }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
LIVE = """subscription($after: String, $until: String) { contactChanges(after: $after, until: $until) {
  contactId position contact { id optedIn } } }"""


async def page(api: Client, **given: Any) -> dict[str, Any]:
    """A page of changes."""
    found: dict[str, Any] = (await api.query(PAGE, **given))["contactChanges"]
    return found


async def test_each_contact_once_as_it_now_stands(api: Client) -> None:
    """Five entries of one contact are one change, in the order of the latest."""
    first = await api.opted_in()
    second = await api.contact()
    await api.changed("optOutContact", contactId=first["id"])
    found = await page(api)
    assert [node["contactId"] for node in found["nodes"]] == [second["id"], first["id"]]
    assert [node["contact"]["optedIn"] for node in found["nodes"]] == [False, False]
    assert [edge["cursor"] for edge in found["edges"]] == [node["position"] for node in found["nodes"]]
    assert found["pageInfo"]["hasNextPage"] is False
    rest = await page(api, after=found["pageInfo"]["endCursor"])
    assert rest["nodes"] == []
    assert int(rest["pageInfo"]["endCursor"]) >= int(found["pageInfo"]["endCursor"])


async def test_page_by_page(api: Client) -> None:
    """Small pages bring all of them, whoever changes in between."""
    contacts = [await api.contact() for _ in range(5)]
    seen: list[str] = []
    after, more = "0", True
    while more:
        found = await page(api, first=2, after=after)
        seen += [node["contactId"] for node in found["nodes"]]
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
    assert seen == [contact["id"] for contact in contacts]


async def test_an_erased_contact(api: Client) -> None:
    """The id stays, the contact reads null."""
    contact = await api.contact()
    await api.changed("eraseContact", "erasedId", contactId=contact["id"])
    (node,) = (await page(api))["nodes"]
    assert (node["contactId"], node["contact"]) == (contact["id"], None)


async def test_whoever_shares_an_address_changes_with_it(api: Client) -> None:
    """When one of two withdraws a number, both have changed."""
    number = {"points": [{"channel": "SMS", "value": "+4915112345678"}]}
    mother, son = [(await api.changed("createContact", **number))["contact"] for _ in range(2)]
    start = (await page(api))["pageInfo"]["endCursor"]
    await api.changed("optOutContact", contactId=mother["id"], channels=["SMS"])
    assert {node["contactId"] for node in (await page(api, after=start))["nodes"]} == {mother["id"], son["id"]}


async def test_what_was_missed_then_live_and_to_an_end(api: Client, server: str) -> None:
    """From a position on; a change that is made while listening arrives; with `until` it completes."""
    first = await api.contact()
    async with connected(server, api.key) as socket:
        await socket.subscribe(LIVE, after="0")
        before = (await socket.next())["contactChanges"]
        second = await api.contact()
        after = (await socket.next())["contactChanges"]
        assert (before["contactId"], after["contactId"]) == (first["id"], second["id"])
        await socket.send("complete", "1")
        await socket.subscribe(LIVE, key="2", after="0", until=before["position"])
        assert (await socket.next("2"))["contactChanges"] == before
        assert (await socket.receive())["type"] == "complete"


async def test_another_account(api: Client, other: Client) -> None:
    """Its changes are its own."""
    await api.contact()
    assert (await page(other))["nodes"] == []


@pytest.mark.parametrize("given", [{"after": "x"}, {"first": -1}, {"first": 251}])
async def test_bad_arguments(api: Client, given: dict[str, Any]) -> None:
    """Refused in words."""
    assert (await api.error(PAGE, **given))["extensions"]["code"] == "INVALID"

"""contacts, contact and contactSummary: pages, look-ups, filters, cards."""

from typing import Any

import pytest

from tests.api.client import Client

PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $search: String,
    $filter: ContactFilterInput, $orderBy: ContactOrderInput) {
  contacts(first: $first, after: $after, last: $last, before: $before,
    search: $search, filter: $filter, orderBy: $orderBy) {
    nodes { id name } edges { cursor node { id } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def page(api: Client, **variables: Any) -> Any:
    """One page."""
    return (await api.query(PAGE, **variables))["contacts"]


async def names(api: Client, **variables: Any) -> list[str]:
    """The names on one page."""
    return [node["name"] for node in (await page(api, **variables))["nodes"]]


async def people(api: Client, *given: str) -> list[str]:
    """New contacts of these first names: their ids."""
    return [(await api.contact(firstName=name))["id"] for name in given]


ORDERS = [{}, {"field": "NAME", "direction": "ASC"}, {"field": "NAME"}, {"field": "EMAIL"}, {"direction": "ASC"}]


@pytest.mark.parametrize("order", ORDERS)
async def test_pages_forwards_and_backwards(api: Client, order: dict[str, str]) -> None:
    """In any order, the pages joined are the list, from either end."""
    ids = await people(api, "Ada", "bob", "Bob", "Cy", "ada")
    everyone = [node["id"] for node in (await page(api, orderBy=order))["nodes"]]
    assert sorted(everyone) == sorted(ids)
    for size, cursor, joined in (("first", "after", 1), ("last", "before", -1)):
        seen: list[str] = []
        at: str | None = None
        more = True
        while more:
            part = await page(api, orderBy=order, **{size: 2, cursor: at})
            found = [node["id"] for node in part["nodes"]]
            seen = seen + found if joined > 0 else found + seen
            at = part["pageInfo"]["endCursor" if joined > 0 else "startCursor"]
            more = part["pageInfo"]["hasNextPage" if joined > 0 else "hasPreviousPage"]
            assert part["totalCount"] == 5
        assert seen == everyone


async def test_a_page_is_stable_when_contacts_come(api: Client) -> None:
    """A contact that arrives between two pages neither shifts nor repeats a row."""
    ids = await people(api, "a", "b", "c", "d")
    one = await page(api, first=2)
    await people(api, "e")
    two = await page(api, first=2, after=one["pageInfo"]["endCursor"])
    assert [node["id"] for node in one["nodes"] + two["nodes"]] == ids[::-1]


async def test_search_finds_any_part(api: Client) -> None:
    """Names, emails and phone digits are searched, whatever their case."""
    await api.contact("ada@lovelace.example", firstName="Ada", lastName="Lovelace")
    await api.contact(firstName="Bob", points=[{"channel": "SMS", "value": "+49 171 2345678"}])
    assert await names(api, search="LOVE") == ["Ada Lovelace"]
    assert await names(api, search="171 234") == ["Bob"]
    assert await names(api, search="nobody") == []


async def test_filters_join(api: Client) -> None:
    """Conditions hold together, and and/or/not nest; an empty list matches none."""
    topic = (await api.query("{ topics { id } }"))["topics"][0]["id"]
    await api.opted_in(firstName="Ada", tags=["vip"], contactType="client")
    await api.opted_in(firstName="Bob")
    cy = await api.contact(firstName="Cy", tags=["vip"])
    await api.changed("archiveContact", contactId=cy["id"])
    by_name = {"field": "NAME", "direction": "ASC"}
    for filter_, expected in (
        ({"status": "OPTED_IN"}, ["Ada", "Bob"]),
        ({"status": "OPTED_OUT"}, ["Cy"]),
        ({"tag": "vip", "lifecycle": "ACTIVE"}, ["Ada"]),
        ({"or": [{"contactType": ["client"]}, {"lifecycle": "ARCHIVED"}]}, ["Ada", "Cy"]),
        ({"not": {"tag": "vip"}}, ["Bob"]),
        ({"and": [{"tag": "vip"}, {"not": {"subscribed": True}}]}, ["Cy"]),
        ({"consent": []}, []),
        ({"topic": topic}, ["Ada", "Bob", "Cy"]),
        ({"createdAfter": "2999-01-01T00:00:00Z"}, []),
        ({"deliverability": "OK", "channel": "SMS"}, []),
        ({}, ["Ada", "Bob", "Cy"]),
        (None, ["Ada", "Bob", "Cy"]),
    ):
        assert await names(api, filter=filter_, orderBy=by_name) == expected, filter_


async def test_one_contact_by_any_key(api: Client) -> None:
    """A contact is found by id, by an email in any slot, by phone as people write it, by external id; else null."""
    points = [
        {"channel": "EMAIL", "value": "one@example.org"},
        {"channel": "EMAIL", "slot": 2, "value": "two@example.org"},
        {"channel": "CALL", "value": "0171 2345678"},
    ]
    contact = await api.contact(points=points, externalId="crm-1")
    text = "query($by: ContactLookupInput!) { contact(by: $by) { id } }"
    for by in (
        {"id": contact["id"]},
        {"email": " TWO@example.org"},
        {"phone": "0171-2345678"},
        {"externalId": "crm-1"},
    ):
        assert (await api.query(text, by=by))["contact"] == {"id": contact["id"]}, by
    for by in ({"id": "x"}, {"email": "no"}, {"phone": "no"}, {"externalId": ""}):
        assert (await api.query(text, by=by))["contact"] is None, by


async def test_the_cards(api: Client) -> None:
    """The cards count who stands where, exactly, with and without a filter."""
    await api.opted_in(tags=["vip"])
    out, gone = await api.contact(), await api.opted_in()
    await api.changed("optOutContact", contactId=out["id"])
    await api.changed("changeDeliverability", contactId=out["id"], deliverability="ERROR")
    await api.changed("archiveContact", contactId=gone["id"])
    text = """query($filter: ContactFilterInput) { contactSummary(filter: $filter) {
        total active archived optedIn optedOut subscribed undeliverable byConsent { channel consent count } } }"""
    cards = (await api.query(text))["contactSummary"]
    cells = {(cell["channel"], cell["consent"]): cell["count"] for cell in cards.pop("byConsent")}
    assert cards == {
        "total": 3,
        "active": 2,
        "archived": 1,
        "optedIn": 2,
        "optedOut": 1,
        "subscribed": 1,
        "undeliverable": 1,
    }
    assert (cells["EMAIL", "SINGLE_OPT_IN"], cells["EMAIL", "OPTED_OUT"], cells["SMS", "OPTED_OUT"]) == (2, 1, 0)
    assert (await api.query(text, filter={"tag": "vip"}))["contactSummary"]["total"] == 1


async def test_the_actions_menu(api: Client) -> None:
    """What the menu offers is what the mutations would grant."""
    contact = await api.contact()
    text = """query($id: ID!) { node(id: $id) { ... on Contact { availableActions {
        kind enabled code message requiresConfirmation requiresEvidence } } } }"""
    actions = {one["kind"]: one for one in (await api.query(text, id=contact["id"]))["node"]["availableActions"]}
    assert actions["OPT_IN"]["enabled"] is actions["OPT_IN"]["requiresEvidence"] is True
    assert actions["OPT_IN"]["requiresConfirmation"] is actions["OPT_OUT"]["requiresConfirmation"] is True
    assert actions["ARCHIVE"]["requiresConfirmation"] is actions["ACTIVATE"]["requiresConfirmation"] is False
    await api.changed("archiveContact", contactId=contact["id"])
    actions = {one["kind"]: one for one in (await api.query(text, id=contact["id"]))["node"]["availableActions"]}
    assert (actions["OPT_IN"]["enabled"], actions["OPT_IN"]["code"]) == (False, "CONTACT_ARCHIVED")
    assert actions["OPT_IN"]["message"]

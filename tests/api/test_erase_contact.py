"""eraseContact."""

from tests.api.client import Client


async def test_nothing_personal_is_left(api: Client) -> None:
    """The contact is gone, the ledger keeps its entries without address or contact, again is NOT_FOUND."""
    contact = await api.opted_in("ada@example.org", firstName="Ada")
    payload = await api.changed("eraseContact", "erasedId", contactId=contact["id"])
    assert payload["erasedId"] == contact["id"]
    events = "consentEvents { nodes { action address evidence { statement } contact { id } } }"
    text = f"query($id: ID!) {{ node(id: $id) {{ id }} {events} }}"
    data = await api.query(text, id=contact["id"])
    assert data["node"] is None
    nodes = data["consentEvents"]["nodes"]
    assert {"CONTACT_CREATED", "ADDRESS_ADDED", "OPT_IN", "ERASE"} <= {event["action"] for event in nodes}
    assert all(event["address"] is event["evidence"] is event["contact"] is None for event in nodes)
    assert await api.refused("eraseContact", "erasedId", contactId=contact["id"]) == [("NOT_FOUND", ["contactId"])]

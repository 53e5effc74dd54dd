"""addContactsToGroup and removeContactsFromGroup."""

from tests.api.client import Client
from tests.api.working import work_off

OPERATION = "bulkOperation { id kind status }"


async def test_in_and_out_again(api: Client) -> None:
    """A selection joins a group and leaves it, as bulk operations do."""
    group = (await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"]
    contacts = [(await api.contact(tags=["fair"]))["id"] for _ in range(3)]
    added = await api.changed("addContactsToGroup", OPERATION, group=group, selection={"tag": "fair"})
    assert added["bulkOperation"]["kind"] == "CHANGE_GROUP"
    assert (await work_off(api, added["bulkOperation"]["id"])).changed == 3
    chosen = {"ids": contacts[:2]}
    removed = await api.changed("removeContactsFromGroup", OPERATION, group=group, selection=chosen)
    assert (await work_off(api, removed["bulkOperation"]["id"])).changed == 2
    text = "query($id: ID!) { node(id: $id) { ... on Group { size contacts { nodes { id } } } } }"
    found = (await api.query(text, id=group))["node"]
    assert found == {"size": 1, "contacts": {"nodes": [{"id": contacts[2]}]}}


async def test_a_group_that_is_none(api: Client) -> None:
    """An unknown group is NOT_FOUND before anything starts."""
    await api.contact()
    for mutation in ("addContactsToGroup", "removeContactsFromGroup"):
        refused = await api.refused(mutation, group="R3JvdXA6", selection={"everyone": True})
        assert refused == [("NOT_FOUND", ["group"])]

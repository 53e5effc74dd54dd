"""Groups: createGroup, updateGroup, deleteGroup, and reading them."""

from tests.api.client import Client

NAMES = "{ groups { nodes { name } totalCount } }"


async def group(api: Client, name: str) -> str:
    """The id of a new group."""
    created = await api.changed("createGroup", "group { id }", name=name)
    found: str = created["group"]["id"]
    return found


async def test_created_renamed_deleted(api: Client) -> None:
    """A group is made, changed field by field, and deleted while its contacts stay."""
    created = await api.changed("createGroup", "group { id name description size }", name="Guests", description="All")
    found = created["group"]
    assert found == {"id": found["id"], "name": "Guests", "description": "All", "size": 0}
    contact = await api.contact(groups=[found["id"]])
    renamed = await api.changed("updateGroup", "group { name description size }", id=found["id"], name="Friends")
    assert renamed["group"] == {"name": "Friends", "description": "All", "size": 1}
    cleared = await api.changed("updateGroup", "group { name description }", id=found["id"], description=None)
    assert cleared["group"] == {"name": "Friends", "description": None}
    assert (await api.changed("deleteGroup", "deletedId", id=found["id"]))["deletedId"] == found["id"]
    assert await api.refused("deleteGroup", id=found["id"]) == [("NOT_FOUND", ["id"])]
    kept = await api.query("query($id: ID!) { node(id: $id) { id } }", id=contact["id"])
    assert kept["node"] == {"id": contact["id"]}


async def test_a_name_is_unique_whatever_its_case(api: Client) -> None:
    """The same name, in any case, is TAKEN; an empty one INVALID."""
    await group(api, "Guests")
    assert await api.refused("createGroup", name="GUESTS") == [("TAKEN", ["name"])]
    ((code, field),) = await api.refused("createGroup", name="  ")
    assert (code, field) in [("INVALID", ["name"]), ("REQUIRED", ["name"])]


async def test_pages_of_groups(api: Client) -> None:
    """Groups come by name, page by page, and can be searched."""
    for name in ("Delta", "alpha", "Charlie", "bravo"):
        await group(api, name)
    page = "nodes { name } pageInfo { hasNextPage endCursor }"
    text = f"query($after: String) {{ groups(first: 3, after: $after) {{ {page} }} }}"
    one = (await api.query(text))["groups"]
    two = (await api.query(text, after=one["pageInfo"]["endCursor"]))["groups"]
    names = [node["name"] for node in one["nodes"] + two["nodes"]]
    assert names == ["alpha", "bravo", "Charlie", "Delta"]
    assert (one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (True, False)
    found = (await api.query('{ groups(search: "HAR") { nodes { name } totalCount } }'))["groups"]
    assert found == {"nodes": [{"name": "Charlie"}], "totalCount": 1}


async def test_pages_of_one_contacts_groups(api: Client) -> None:
    """A contact's groups are a connection too, and a group leads back to its contacts, filtered if wanted."""
    groups = [await group(api, name) for name in ("b", "A", "c")]
    contact = await api.opted_in(groups=groups)
    await api.contact(groups=groups[:1])
    text = """query($id: ID!, $after: String) { node(id: $id) { ... on Contact {
        groups(first: 2, after: $after) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
          nodes { name size contacts(filter: { status: OPTED_IN }) { totalCount nodes { id } } } } } } }"""
    one = (await api.query(text, id=contact["id"]))["node"]["groups"]
    assert [node["name"] for node in one["nodes"]] == ["A", "b"]
    assert [node["size"] for node in one["nodes"]] == [1, 2]
    assert one["nodes"][1]["contacts"] == {"totalCount": 1, "nodes": [{"id": contact["id"]}]}
    assert one["totalCount"] == 3
    two = (await api.query(text, id=contact["id"], after=one["pageInfo"]["endCursor"]))["node"]["groups"]
    assert [node["name"] for node in two["nodes"]] == ["c"]
    assert (two["pageInfo"]["hasNextPage"], two["pageInfo"]["hasPreviousPage"]) == (False, True)

"""createContact."""

import pytest

from tests.api.client import Client, actions, consents


async def test_a_contact_with_everything(api: Client) -> None:
    """Details, addresses on all channels, tags, groups and attributes are there afterwards, normalised."""
    group = (await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"]
    payload = await api.changed(
        "createContact",
        "contact { externalId name firstName lastName contactType email phone tags attributes version lifecycle"
        " points { channel slot value } groups { nodes { name } totalCount } topics { topic { key } subscribed } }"
        " events { action channel address }",
        externalId="crm-1",
        firstName=" Ada ",
        lastName="Lovelace",
        contactType="client",
        points=[
            {"channel": "EMAIL", "value": " Ada@EXAMPLE.org "},
            {"channel": "EMAIL", "slot": 2, "value": "second@example.org"},
            {"channel": "SMS", "value": "0171 2345678"},
            {"channel": "POST", "value": "1 Main Street, Hanover"},
        ],
        tags=["vip", "fair"],
        groups=[group],
        attributes={"size": 42, "nested": {"a": [1, None, "x"]}},
    )
    contact = payload["contact"]
    assert contact["name"] == "Ada Lovelace"
    assert contact["email"] == "Ada@example.org"
    assert contact["phone"] == "+491712345678"
    assert contact["tags"] == ["fair", "vip"]
    assert contact["attributes"] == {"size": 42, "nested": {"a": [1, None, "x"]}}
    assert contact["version"] == 1
    assert [(point["channel"], point["slot"]) for point in contact["points"]] == [
        ("EMAIL", 1),
        ("EMAIL", 2),
        ("SMS", 1),
        ("POST", 1),
    ]
    assert contact["groups"] == {"nodes": [{"name": "Guests"}], "totalCount": 1}
    assert len(contact["topics"]) == 4
    assert actions(payload) == ["CONTACT_CREATED"] + ["ADDRESS_ADDED"] * 4


async def test_nobody_is_opted_in_by_being_created(api: Client) -> None:
    """A new address starts without permission."""
    contact = await api.contact()
    assert consents(contact) == ["NON_MARKETABLE"]
    assert contact["optedIn"] is False


async def test_the_same_email_belongs_to_one_contact(api: Client) -> None:
    """An email that another contact has, in any spelling, is TAKEN."""
    await api.contact("ada@example.org")
    point = {"channel": "EMAIL", "value": "ADA@Example.org"}
    assert await api.refused("createContact", points=[point]) == [("TAKEN", ["points", "0", "value"])]


async def test_every_refusal_at_once(api: Client) -> None:
    """A form is told all that is wrong with it, field by field."""
    points = [
        {"channel": "EMAIL", "value": "not an email"},
        {"channel": "SMS", "value": "12"},
        {"channel": "EMAIL", "slot": 4, "value": "a@example.org"},
    ]
    refused = await api.refused("createContact", points=points)
    assert {tuple(field or ()) for _, field in refused} >= {("points", "0", "value"), ("points", "1", "value")}
    assert {code for code, _ in refused} == {"INVALID"}


async def test_an_opt_out_comes_back_with_its_address(api: Client) -> None:
    """An address that was erased is OPTED_OUT on whoever has it next."""
    contact = await api.contact("ada@example.org")
    await api.changed("eraseContact", "erasedId", contactId=contact["id"])
    assert consents(await api.contact("Ada@example.org")) == ["OPTED_OUT"]


@pytest.mark.parametrize("attributes", [[1], "text", 7, True])
async def test_attributes_are_an_object(api: Client, attributes: object) -> None:
    """Any other JSON value is INVALID."""
    assert await api.refused("createContact", points=[], attributes=attributes) == [("INVALID", ["attributes"])]

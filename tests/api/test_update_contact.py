"""updateContact."""

from tests.api.client import EVIDENCE, Client, actions, consents


async def test_what_is_left_out_stays_and_null_clears(api: Client) -> None:
    """A field that is not named keeps its value; one that is null loses it."""
    contact = await api.contact(firstName="Ada", lastName="Lovelace", tags=["a"], attributes={"x": 1})
    wanted = "contact { firstName lastName tags attributes version }"
    changed = await api.changed("updateContact", wanted, contactId=contact["id"], lastName=None)
    assert changed["contact"] == {
        "firstName": "Ada",
        "lastName": None,
        "tags": ["a"],
        "attributes": {"x": 1},
        "version": 2,
    }


async def test_the_same_again_changes_nothing(api: Client) -> None:
    """An update to what already holds makes no entry and no version."""
    contact = await api.contact(firstName="Ada")
    payload = await api.changed("updateContact", contactId=contact["id"], firstName="Ada")
    assert payload["events"] == []
    assert payload["contact"]["version"] == contact["version"]


async def test_slots_not_named_stay(api: Client) -> None:
    """A slot is set, another is emptied by null, the third is left alone."""
    contact = await api.contact("one@example.org", "two@example.org", "three@example.org")
    points = [
        {"channel": "EMAIL", "slot": 2, "value": None},
        {"channel": "EMAIL", "slot": 3, "value": "drei@example.org"},
    ]
    payload = await api.changed("updateContact", contactId=contact["id"], points=points)
    assert [(point["slot"], point["value"]) for point in payload["contact"]["points"]] == [
        (1, "one@example.org"),
        (3, "drei@example.org"),
    ]
    assert set(actions(payload)) >= {"ADDRESS_ADDED", "ADDRESS_REMOVED"}


async def test_taking_an_address_off_launders_nothing(api: Client) -> None:
    """An opt-out is still there when its address is put on again."""
    contact = await api.contact("ada@example.org")
    await api.changed("optOutContact", contactId=contact["id"])
    for value in ("other@example.org", "ada@example.org"):
        point = {"channel": "EMAIL", "value": value}
        payload = await api.changed("updateContact", contactId=contact["id"], points=[point])
    assert consents(payload["contact"]) == ["OPTED_OUT"]


async def test_a_contact_that_moved_on_is_a_conflict(api: Client) -> None:
    """With a version, only that very version is changed."""
    contact = await api.contact(firstName="Ada")
    await api.changed("updateContact", contactId=contact["id"], firstName="Augusta", version=1)
    refused = await api.refused("updateContact", contactId=contact["id"], firstName="Ada", version=1)
    assert refused == [("CONFLICT", ["version"])]


async def test_strict_locks_the_details_of_who_opted_out(api: Client) -> None:
    """Under STRICT, details of an opted-out contact change only on the person's own request."""
    await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    contact = await api.contact(firstName="Ada")
    await api.changed("optOutContact", contactId=contact["id"])
    ((code, _),) = await api.refused("updateContact", contactId=contact["id"], firstName="Eve")
    assert code == "LOCKED"
    request = EVIDENCE | {"method": "WRITTEN_REQUEST"}
    payload = await api.changed("updateContact", contactId=contact["id"], firstName="Eve", rectification=request)
    assert payload["contact"]["name"] == "Eve"

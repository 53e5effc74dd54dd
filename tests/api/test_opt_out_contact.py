"""optOutContact."""

from tests.api.client import Client, actions, consents


async def test_every_address_of_the_channel(api: Client) -> None:
    """Without slots, all addresses of the channel are withdrawn, with the reason on record."""
    contact = await api.opted_in("a@example.org", "b@example.org")
    payload = await api.changed("optOutContact", contactId=contact["id"], reason="Called us")
    assert consents(payload["contact"]) == ["OPTED_OUT", "OPTED_OUT"]
    assert [event["reason"] for event in payload["events"]] == ["Called us", "Called us"]


async def test_the_operators_again_changes_nothing(api: Client) -> None:
    """An operator's repeated opt-out is a success without an entry."""
    contact = await api.contact()
    await api.changed("optOutContact", contactId=contact["id"])
    assert (await api.changed("optOutContact", contactId=contact["id"]))["events"] == []


async def test_the_recipients_again_is_recorded_again(api: Client) -> None:
    """The recipient's own wish becomes the proof each time it is said."""
    contact = await api.contact()
    for _ in range(2):
        payload = await api.changed("optOutContact", contactId=contact["id"], requestedBy="RECIPIENT")
        (event,) = payload["events"]
    assert (event["source"], event["from"], event["to"]) == ("RECIPIENT_RELAYED", "OPTED_OUT", "OPTED_OUT")


async def test_an_archived_contact(api: Client) -> None:
    """An operator needs `includeArchived`, and the contact stays archived; the recipient needs nothing."""
    contact = await api.contact()
    await api.changed("archiveContact", contactId=contact["id"])
    assert await api.refused("optOutContact", contactId=contact["id"]) == [("CONTACT_ARCHIVED", ["contactId"])]
    payload = await api.changed("optOutContact", contactId=contact["id"], includeArchived=True)
    assert actions(payload) == ["ACTIVATE", "OPT_OUT", "ARCHIVE"]
    assert payload["contact"]["lifecycle"] == "ARCHIVED"
    payload = await api.changed("optOutContact", contactId=contact["id"], requestedBy="RECIPIENT")
    assert actions(payload) == ["OPT_OUT"]


async def test_slots_that_do_not_exist(api: Client) -> None:
    """A slot outside 1 to 3 is INVALID, an empty one NO_ADDRESS."""
    contact = await api.contact()
    for slots in ([0], [4], [], [1, 99], [2**31 - 1]):
        assert await api.refused("optOutContact", contactId=contact["id"], slots=slots) == [("INVALID", ["slots"])]
    assert await api.refused("optOutContact", contactId=contact["id"], slots=[3]) == [("NO_ADDRESS", ["channels"])]

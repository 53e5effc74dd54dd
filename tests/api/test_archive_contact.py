"""archiveContact."""

from tests.api.client import Client, actions, consents


async def test_archiving_is_idempotent_and_keeps_permission(api: Client) -> None:
    """The contact leaves the active total; permission stays as it was; again changes nothing."""
    contact = await api.opted_in()
    payload = await api.changed("archiveContact", contactId=contact["id"])
    assert actions(payload) == ["ARCHIVE"]
    assert payload["contact"]["lifecycle"] == "ARCHIVED"
    assert consents(payload["contact"]) == ["SINGLE_OPT_IN"]
    assert (await api.changed("archiveContact", contactId=contact["id"]))["events"] == []


async def test_an_unknown_contact(api: Client) -> None:
    """An id that names nothing is NOT_FOUND, and nothing else is said of it."""
    assert await api.refused("archiveContact", contactId="Q29udGFjdDow") == [("NOT_FOUND", ["contactId"])]

"""activateContact."""

from tests.api.client import Client, actions, consents


async def test_activating_is_idempotent_and_keeps_permission(api: Client) -> None:
    """An archived contact is active again, an opt-out still an opt-out; again changes nothing."""
    contact = await api.contact()
    await api.changed("optOutContact", contactId=contact["id"])
    await api.changed("archiveContact", contactId=contact["id"])
    payload = await api.changed("activateContact", contactId=contact["id"])
    assert actions(payload) == ["ACTIVATE"]
    assert payload["contact"]["lifecycle"] == "ACTIVE"
    assert consents(payload["contact"]) == ["OPTED_OUT"]
    assert (await api.changed("activateContact", contactId=contact["id"]))["events"] == []

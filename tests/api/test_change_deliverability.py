"""changeDeliverability."""

from tests.api.client import Client, actions


async def test_marked_and_cleared(api: Client) -> None:
    """An address is marked unreachable and thought reachable again; its permission is untouched."""
    contact = await api.opted_in()
    payload = await api.changed(
        "changeDeliverability", contactId=contact["id"], deliverability="ERROR", reason="Returned"
    )
    assert actions(payload) == ["MARK_ERROR"]
    (point,) = payload["contact"]["points"]
    assert (point["deliverability"], point["consent"]) == ("ERROR", "SINGLE_OPT_IN")
    payload = await api.changed("changeDeliverability", contactId=contact["id"], deliverability="OK")
    assert actions(payload) == ["CLEAR_ERROR"]
    assert payload["contact"]["points"][0]["deliverability"] == "OK"


async def test_a_channel_without_an_address(api: Client) -> None:
    """There is nothing to mark: NO_ADDRESS."""
    contact = await api.contact()
    refused = await api.refused("changeDeliverability", contactId=contact["id"], channel="POST", deliverability="ERROR")
    assert [code for code, _ in refused] == ["NO_ADDRESS"]

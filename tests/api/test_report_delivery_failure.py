"""reportDeliveryFailure."""

from typing import Any

import pytest

from tests.api.client import EVENTS, Client, actions, consents

PAYLOAD = f"contacts {{ id points {{ consent deliverability }} }} {EVENTS}"


async def report(api: Client, address: str, kind: str = "HARD_BOUNCE", **given: Any) -> dict[str, Any]:
    """What a report answers."""
    given = {"channel": "EMAIL", "address": address, "kind": kind} | given
    return await api.changed("reportDeliveryFailure", PAYLOAD, **given)


async def test_a_hard_bounce_marks_the_address_and_no_permission(api: Client) -> None:
    """ERROR, recorded once with the provider's words; the consent stays."""
    contact = await api.opted_in("ada@example.org")
    payload = await report(api, " Ada@EXAMPLE.org ", detail="550 5.1.1 unknown")
    assert [one["id"] for one in payload["contacts"]] == [contact["id"]]
    assert payload["contacts"][0]["points"] == [{"consent": "SINGLE_OPT_IN", "deliverability": "ERROR"}]
    (event,) = payload["events"]
    assert (event["action"], event["source"], event["reason"]) == ("MARK_ERROR", "BOUNCE", "550 5.1.1 unknown")
    assert (await report(api, "ada@example.org"))["events"] == []


async def test_a_complaint_withdraws_and_is_recorded_each_time(api: Client) -> None:
    """Archived or not, under STRICT, and again."""
    contact = await api.opted_in("ada@example.org")
    await api.changed("archiveContact", contactId=contact["id"])
    await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    for before in ("SINGLE_OPT_IN", "OPTED_OUT"):
        (event,) = (await report(api, "ada@example.org", "COMPLAINT"))["events"]
        assert (event["action"], event["source"], event["from"]) == ("OPT_OUT", "COMPLAINT", before)


async def test_a_complaint_about_an_unknown_address_becomes_a_suppression(api: Client) -> None:
    """Nobody holds it, and it comes back OPTED_OUT; its words are not kept, since nobody's erasure would empty them."""
    payload = await report(api, "nobody@example.org", "COMPLAINT", detail="nobody@example.org complained")
    assert payload["contacts"] == []
    assert actions(payload) == ["OPT_OUT"]
    assert payload["events"][0]["reason"] is None
    assert consents(await api.contact("nobody@example.org")) == ["OPTED_OUT"]


async def test_a_bounce_of_an_unknown_address_changes_nothing(api: Client) -> None:
    """There is nothing to mark."""
    assert await report(api, "nobody@example.org") == {"contacts": [], "events": [], "userErrors": []}
    assert consents(await api.contact("nobody@example.org")) == ["NON_MARKETABLE"]


async def test_whoever_shares_the_number_is_named(api: Client) -> None:
    """Both contacts stand by the one entry; calls to the number are another permission."""
    points = [{"channel": channel, "value": "+12025550100"} for channel in ("SMS", "CALL")]
    family = [await api.contact(points=points) for _ in range(2)]
    payload = await report(api, "+1 202 555 0100", "COMPLAINT", channel="SMS")
    assert [one["id"] for one in payload["contacts"]] == [one["id"] for one in family]
    assert [consents(one) for one in payload["contacts"]] == [["OPTED_OUT", "NON_MARKETABLE"]] * 2
    assert len(payload["events"]) == 1


async def test_another_accounts_contact_is_untouched(api: Client, other: Client) -> None:
    """The same address in another account keeps its permission."""
    theirs = await other.opted_in("ada@example.org")
    await report(api, "ada@example.org", "COMPLAINT")
    found = await other.query("query($id: ID!) { node(id: $id) { ... on Contact { optedIn } } }", id=theirs["id"])
    assert found["node"]["optedIn"] is True


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"address": "no address"}, ("INVALID", ["address"])),
        ({"address": "12", "channel": "SMS"}, ("INVALID", ["address"])),
        ({"address": "a@example.org", "detail": "x" * 1_001}, ("TOO_LARGE", ["detail"])),
    ],
)
async def test_what_is_refused(api: Client, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    """A bad address or too many words, each at its field."""
    given = {"channel": "EMAIL", "kind": "HARD_BOUNCE"} | given
    assert await api.refused("reportDeliveryFailure", "", **given) == [refusal]

"""optInContact."""

import pytest

from tests.api.client import EVIDENCE, Client, actions, consents


async def test_permission_with_evidence_is_recorded(api: Client) -> None:
    """A NON_MARKETABLE address becomes SINGLE_OPT_IN, with an entry that says on what proof."""
    contact = await api.contact()
    payload = await api.changed("optInContact", contactId=contact["id"], evidence=EVIDENCE)
    assert consents(payload["contact"]) == ["SINGLE_OPT_IN"]
    (event,) = payload["events"]
    assert (event["action"], event["source"], event["from"], event["to"]) == (
        "OPT_IN",
        "OPERATOR",
        "NON_MARKETABLE",
        "SINGLE_OPT_IN",
    )
    assert event["actor"].startswith("key:")
    assert event["contact"]["id"] == contact["id"]


async def test_the_proof_of_the_address_is_the_entry(api: Client) -> None:
    """The point's proof leads to the entry of the opt-in and to its evidence."""
    contact = await api.opted_in()
    proof = "proof { action evidence { statement method } }"
    text = f"query($id: ID!) {{ node(id: $id) {{ ... on Contact {{ points {{ {proof} }} }} }} }}"
    (point,) = (await api.query(text, id=contact["id"]))["node"]["points"]
    assert point["proof"] == {"action": "OPT_IN", "evidence": EVIDENCE}


async def test_again_is_a_success_that_changes_nothing(api: Client) -> None:
    """Asking for what already holds makes no entry."""
    contact = await api.opted_in()
    payload = await api.changed("optInContact", contactId=contact["id"], evidence=EVIDENCE)
    assert payload["events"] == []
    assert payload["contact"]["optedIn"] is True


async def test_no_evidence_no_permission(api: Client) -> None:
    """Without evidence, or with too few words of it, nothing changes."""
    contact = await api.contact()
    assert await api.refused("optInContact", contactId=contact["id"]) == [("EVIDENCE_REQUIRED", ["evidence"])]
    short = {"method": "VERBAL", "statement": "  yes     "}
    assert await api.refused("optInContact", contactId=contact["id"], evidence=short) == [
        ("EVIDENCE_REQUIRED", ["evidence", "statement"])
    ]
    future = EVIDENCE | {"obtainedAt": "2999-01-01T00:00:00Z"}
    assert await api.refused("optInContact", contactId=contact["id"], evidence=future) == [
        ("INVALID", ["evidence", "obtainedAt"])
    ]


async def test_the_primary_alone_unless_slots_are_named(api: Client) -> None:
    """Left out, `slots` means the primary address."""
    contact = await api.contact("a@example.org", "b@example.org")
    first = await api.changed("optInContact", contactId=contact["id"], evidence=EVIDENCE)
    assert consents(first["contact"]) == ["SINGLE_OPT_IN", "NON_MARKETABLE"]
    second = await api.changed("optInContact", contactId=contact["id"], slots=[2], evidence=EVIDENCE)
    assert consents(second["contact"]) == ["SINGLE_OPT_IN", "SINGLE_OPT_IN"]


async def test_a_missing_address_among_others_is_no_refusal(api: Client) -> None:
    """Over several channels, one without an address is passed over; all without one are refused."""
    contact = await api.contact()
    payload = await api.changed("optInContact", contactId=contact["id"], channels=["EMAIL", "SMS"], evidence=EVIDENCE)
    assert actions(payload) == ["OPT_IN"]
    assert await api.refused("optInContact", contactId=contact["id"], channels=["SMS"], evidence=EVIDENCE) == [
        ("NO_ADDRESS", ["channels"])
    ]


async def test_an_archived_contact_is_refused(api: Client) -> None:
    """An archived contact's permission is frozen."""
    contact = await api.contact()
    await api.changed("archiveContact", contactId=contact["id"])
    assert await api.refused("optInContact", contactId=contact["id"], evidence=EVIDENCE) == [
        ("CONTACT_ARCHIVED", ["contactId"])
    ]


@pytest.mark.parametrize(
    ("method", "code"), [("VERBAL", "NOT_PERMITTED"), ("OTHER", "NOT_PERMITTED"), ("PAPER_FORM", None)]
)
async def test_only_what_was_written_lifts_an_opt_out(api: Client, method: str, code: str | None) -> None:
    """Under WITH_EVIDENCE an opt-out is lifted by newer evidence in writing."""
    contact = await api.contact()
    await api.changed("optOutContact", contactId=contact["id"])
    payload = await api.change("optInContact", contactId=contact["id"], evidence=EVIDENCE | {"method": method})
    assert [error["code"] for error in payload["userErrors"]] == ([code] if code else [])


async def test_older_evidence_does_not_lift_an_opt_out(api: Client) -> None:
    """Evidence from before the opt-out proves nothing."""
    contact = await api.contact()
    await api.changed("optOutContact", contactId=contact["id"])
    older = EVIDENCE | {"obtainedAt": "2020-01-01T00:00:00Z"}
    assert await api.refused("optInContact", contactId=contact["id"], evidence=older) == [("OPTED_OUT", ["contactId"])]


async def test_strict_locks_an_opt_out(api: Client) -> None:
    """Under STRICT nobody but the recipient lifts an opt-out."""
    await api.changed("updateAccount", "account { optOutPolicy }", optOutPolicy="STRICT")
    contact = await api.contact()
    await api.changed("optOutContact", contactId=contact["id"])
    assert await api.refused("optInContact", contactId=contact["id"], evidence=EVIDENCE) == [("LOCKED", ["contactId"])]

"""sendDecision."""

from typing import Any

from tests.api.client import Client

ASK = """query($input: SendDecisionInput!) { sendDecision(input: $input) {
    allowed reasons wouldReactivate point { value consent } decidedBy { action } } }"""


async def ask(api: Client, **given: Any) -> Any:
    """The decision."""
    asked = {"channel": "EMAIL", "purpose": "BROADCAST"} | given
    return (await api.query(ASK, input=asked))["sendDecision"]


async def test_allowed_and_on_what_proof(api: Client) -> None:
    """An opted-in contact may be sent marketing, on the proof of the opt-in."""
    contact = await api.opted_in("ada@example.org")
    assert await ask(api, contact={"id": contact["id"]}) == {
        "allowed": True,
        "reasons": [],
        "wouldReactivate": False,
        "point": {"value": "ada@example.org", "consent": "SINGLE_OPT_IN"},
        "decidedBy": {"action": "OPT_IN"},
    }


async def test_every_reason_why_not(api: Client) -> None:
    """All that stands against it is said, not only the first."""
    contact = await api.contact("ada@example.org")
    await api.changed("optOutContact", contactId=contact["id"])
    await api.changed("changeDeliverability", contactId=contact["id"], deliverability="ERROR")
    await api.changed("archiveContact", contactId=contact["id"])
    decision = await ask(api, contact={"email": "ADA@example.org"})
    assert set(decision["reasons"]) == {"OPTED_OUT", "UNDELIVERABLE", "ARCHIVED"}
    transactional = await ask(api, contact={"id": contact["id"]}, purpose="TRANSACTIONAL")
    assert (transactional["reasons"], transactional["wouldReactivate"]) == (["UNDELIVERABLE"], False) or transactional[
        "wouldReactivate"
    ]


async def test_nobody(api: Client) -> None:
    """An unknown, malformed or foreign contact is UNKNOWN_CONTACT."""
    for lookup in ({"id": "x"}, {"email": "nobody@example.org"}, {"externalId": "x"}, {"phone": "+491711111111"}):
        assert (await ask(api, contact=lookup))["reasons"] == ["UNKNOWN_CONTACT"]


async def test_a_past_instant_is_not_answered_yet(api: Client) -> None:
    """`at` is a clean INVALID rather than an answer about now."""
    asked = {"contact": {"id": "x"}, "channel": "EMAIL", "purpose": "BROADCAST", "at": "2020-01-01T00:00:00Z"}
    error = await api.error(ASK, input=asked)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID", ["at"])

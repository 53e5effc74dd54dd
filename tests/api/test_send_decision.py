"""sendDecision."""

from datetime import UTC, datetime
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


async def test_what_was_true_then(api: Client) -> None:
    """`at` answers from the ledger with the entry that decided then, and the address even if it is gone."""
    contact = await api.opted_in("ada@example.org")
    at = datetime.now(UTC).isoformat()
    await api.changed("optOutContact", contactId=contact["id"])
    await api.changed(
        "updateContact", contactId=contact["id"], points=[{"channel": "EMAIL", "slot": 1, "value": "b@example.org"}]
    )
    text = ASK.replace("reasons ", "reasons address consent certain ")
    asked = {"contact": {"email": "ada@example.org"}, "channel": "EMAIL", "purpose": "BROADCAST", "at": at}
    assert (await api.query(text, input=asked))["sendDecision"] == {
        "allowed": True,
        "reasons": [],
        "address": "ada@example.org",
        "consent": "SINGLE_OPT_IN",
        "certain": True,
        "wouldReactivate": False,
        "point": None,
        "decidedBy": {"action": "OPT_IN"},
    }


async def test_the_future_is_not_told(api: Client) -> None:
    """`at` after now is a clean INVALID."""
    asked = {"contact": {"id": "x"}, "channel": "EMAIL", "purpose": "BROADCAST", "at": "2999-01-01T00:00:00Z"}
    error = await api.error(ASK, input=asked)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID", ["at"])

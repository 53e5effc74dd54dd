"""authorizeSends: one answer each, at which address, and on record."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.client import Client

ANSWER = "authorization answeredAt answers { asked contactId allowed address reasons activated }"
WHY = """query($input: SendDecisionInput!) { sendDecision(input: $input) {
    allowed authorizations { actor purpose channel allowed reasons activated address topicId } } }"""


async def ask(api: Client, contacts: dict[str, Any], **given: Any) -> list[Any]:
    """The answers."""
    asked = {"purpose": "BROADCAST", "channel": "EMAIL", "contacts": contacts} | given
    payload = await api.changed("authorizeSends", ANSWER, **asked)
    assert payload["authorization"]
    assert payload["answeredAt"]
    found: list[Any] = payload["answers"]
    return found


async def test_each_is_answered_in_order(api: Client, other: Client) -> None:
    """Allowed at the primary address, or every reason; strangers and nonsense are UNKNOWN_CONTACT."""
    ada = await api.opted_in("ada@example.org", "ada@example.com", externalId="A-1")
    ben = await api.contact("ben@example.org", externalId="B-1")
    eve = await other.opted_in("eve@example.org", externalId="E-1")
    nobody = {"contactId": None, "allowed": False, "address": None, "reasons": ["UNKNOWN_CONTACT"], "activated": False}
    yes = {"contactId": ada["id"], "allowed": True, "address": "ada@example.org", "reasons": [], "activated": False}
    no = {"contactId": ben["id"], "allowed": False, "address": None, "reasons": ["NON_MARKETABLE"], "activated": False}
    for way, asked in {
        "ids": [ben["id"], eve["id"], ada["id"], "x", ada["id"]],
        "emails": ["BEN@example.org ", "eve@example.org", "ada@example.com", "no address", "ada@example.org"],
        "externalIds": ["B-1", "E-1", "A-1", " ", "A-1"],
    }.items():
        found = await ask(api, {way: asked})
        assert found == [{"asked": one} | what for one, what in zip(asked, [no, nobody, yes, nobody, yes], strict=True)]


async def test_the_archived_wake_where_the_purpose_says_so(api: Client) -> None:
    """A receipt and a journey activate through the door, when nothing else is against it; a broadcast never does."""
    ada = await api.opted_in("ada@example.org")
    ben = await api.contact("ben@example.org")
    for contact in (ada, ben):
        await api.changed("archiveContact", contactId=contact["id"])
    both = {"ids": [ada["id"], ben["id"]]}
    assert [one["reasons"] for one in await ask(api, both)] == [["ARCHIVED"], ["NON_MARKETABLE", "ARCHIVED"]]
    found = await ask(api, both, purpose="JOURNEY")
    assert [(one["allowed"], one["activated"]) for one in found] == [(True, True), (False, False)]
    assert [one["allowed"] for one in await ask(api, both)] == [True, False]
    found = await ask(api, both, purpose="TRANSACTIONAL")
    assert [(one["allowed"], one["activated"]) for one in found] == [(True, False), (True, True)]
    text = "query($id: ID!) { contact(by: {id: $id}) { events(first: 1) { nodes { action source actor } } } }"
    (entry,) = (await api.query(text, id=ben["id"]))["contact"]["events"]["nodes"]
    assert (entry["action"], entry["source"]) == ("ACTIVATE", "AUTOMATION")


async def test_why_was_this_person_written_to(api: Client) -> None:
    """What was answered is shown again by `sendDecision`, up to the moment asked about, also after an erasure."""
    ada = await api.opted_in("ada@example.org")
    before = datetime.now(UTC).isoformat()
    await ask(api, {"emails": ["ada@example.org"]})
    then = datetime.now(UTC).isoformat()
    await api.changed("optOutContact", contactId=ada["id"])
    await ask(api, {"ids": [ada["id"]]}, purpose="JOURNEY")
    why = {"contact": {"email": "ada@example.org"}, "channel": "EMAIL", "purpose": "BROADCAST"}
    now = (await api.query(WHY, input=why))["sendDecision"]
    assert (now["allowed"], [one["reasons"] for one in now["authorizations"]]) == (False, [["OPTED_OUT"], []])
    record = {"actor": now["authorizations"][1]["actor"], "purpose": "BROADCAST", "channel": "EMAIL", "topicId": None}
    record |= {"allowed": True, "reasons": [], "activated": False, "address": "ada@example.org"}
    past = (await api.query(WHY, input=why | {"at": then}))["sendDecision"]
    assert past == {"allowed": True, "authorizations": [record]}
    assert (await api.query(WHY, input=why | {"at": before}))["sendDecision"]["authorizations"] == []
    await api.changed("eraseContact", "erasedId", contactId=ada["id"])
    gone = (await api.query(WHY, input=why | {"at": then}))["sendDecision"]
    assert [one["address"] for one in gone["authorizations"]] == [None]


@pytest.mark.parametrize(
    ("contacts", "code"),
    [({"ids": []}, "INVALID"), ({"emails": []}, "INVALID"), ({"externalIds": ["x"] * 10_001}, "TOO_LARGE")],
)
async def test_nobody_or_too_many(api: Client, contacts: Any, code: str) -> None:
    """An empty list is INVALID, more than 10,000 are TOO_LARGE, and an unknown topic is NOT_FOUND."""
    asked = {"purpose": "BROADCAST", "channel": "EMAIL", "contacts": contacts}
    assert await api.refused("authorizeSends", **asked) == [(code, ["contacts"])]
    asked = asked | {"contacts": {"ids": ["x"]}, "topic": "x"}
    assert await api.refused("authorizeSends", **asked) == [("NOT_FOUND", ["topic"])]

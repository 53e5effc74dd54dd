"""rules.md, "May this be sent?" and "Lifecycle": each sentence through the public API and a mail server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pytest

from api.http.key_origins import forget_origins
from domain.accounts.keys import create_key
from domain.actor import Scope
from domain.infra import bucket
from tests.api.client import EVIDENCE, Client
from tests.api.conftest import api
from tests.api.test_journeys import made_template, worked_off
from tests.api.test_messages import RECEIPT, made
from tests.api.test_sign_up import FORM, SITE
from tests.mailing import Server, link_in, mailbox, send_mail, work_through
from tests.pages.visiting import post
from tests.texting import Carrier, carrier

__all__ = ["api", "carrier", "mailbox"]

BROADCAST, JOURNEY, TRANSACTIONAL, CONFIRMATION = "BROADCAST", "JOURNEY", "TRANSACTIONAL", "CONFIRMATION"
ADA: Final = "ada@example.org"
PHONE: Final = "+12025550100"
DECISION = """query($input: SendDecisionInput!) { sendDecision(input: $input) {
  allowed reasons wouldReactivate } }"""
TOPICS = "{ viewer { account { topics { id } } } }"
STATE = """query($id: ID!) { contact(by: {id: $id}) { lifecycle points { channel consent deliverability }
  events(first: 3) { nodes { action source } } } }"""
SUMMARY = "{ contactSummary { total active archived optedIn } }"


async def permitted(api: Client, mailbox: Server) -> str:
    """Opted in by an operator."""
    return str((await api.opted_in(ADA))["id"])


async def confirmed(api: Client, mailbox: Server) -> str:
    """Confirmed from the address itself."""
    contact_id = await permitted(api, mailbox)
    await api.changed("requestDoubleOptIn", contactId=contact_id)
    await send_mail(api.actor.account_id)
    assert (await post(link_in(mailbox.mails[-1]))).status_code == 200
    return contact_id


async def brought(api: Client, mailbox: Server) -> str:
    """Brought by an operator without permission."""
    return str((await api.contact(ADA))["id"])


async def withdrawn(api: Client, mailbox: Server) -> str:
    """Opted in, then out."""
    contact_id = await permitted(api, mailbox)
    await api.changed("optOutContact", contactId=contact_id, requestedBy="RECIPIENT")
    return contact_id


async def unreachable(api: Client, mailbox: Server) -> str:
    """Opted in, and marked undeliverable by an operator."""
    contact_id = await permitted(api, mailbox)
    await api.changed("changeDeliverability", contactId=contact_id, deliverability="ERROR")
    return contact_id


async def without_email(api: Client, mailbox: Server) -> str:
    """Known by phone alone."""
    contact = await api.contact(points=[{"channel": "SMS", "slot": 1, "value": PHONE}])
    return str(contact["id"])


async def without_topics(api: Client, mailbox: Server) -> str:
    """Opted in, with every topic off."""
    contact_id = await permitted(api, mailbox)
    await switched(api, contact_id, *await topics(api))
    return contact_id


async def without_this_topic(api: Client, mailbox: Server) -> str:
    """Opted in, with the topic in question off and all the others on."""
    contact_id = await permitted(api, mailbox)
    this, *others = await topics(api)
    await switched(api, contact_id, *others, on=True)
    await switched(api, contact_id, this)
    return contact_id


async def signed_up(api: Client, mailbox: Server) -> str:
    """Asked for on a form by themselves just now, and not confirmed."""
    bucket.forget()
    forget_origins()
    form = Client(api.actor, (await create_key(api.actor, "Form", [Scope.SIGNUP], origins=[f"{SITE}/"])).text)
    text = "mutation($input: SignUpInput!) { signUp(input: $input) { accepted } }"
    body = {"query": text, "variables": {"input": FORM | {"email": ADA}}}
    assert (await form.post(body, headers={"origin": SITE})).json()["data"]["signUp"]["accepted"]
    await work_through(api.actor)
    found = await api.query("query($by: ContactLookupInput!) { contact(by: $by) { id } }", by={"email": ADA})
    return str(found["contact"]["id"])


def archived(before: Callable[[Client, Server], Awaitable[str]]) -> Callable[[Client, Server], Awaitable[str]]:
    """Somebody as before, then archived."""

    async def arrange(api: Client, mailbox: Server) -> str:
        contact_id = await before(api, mailbox)
        await api.changed("archiveContact", contactId=contact_id)
        return contact_id

    return arrange


@dataclass(frozen=True)
class Row:
    """Who, and why each purpose is refused; one that is left out is sent. `topic`: whether one is in question."""

    sentence: str
    who: Callable[[Client, Server], Awaitable[str]]
    refused: dict[str, list[str]]
    topic: bool = False


def each(*reasons: str) -> Callable[..., dict[str, list[str]]]:
    """These reasons, for each purpose that is named then."""
    return lambda *purposes: {purpose: list(reasons) for purpose in purposes}


MARKETING: Final = (BROADCAST, JOURNEY)
ROWS: Final = [
    Row("BROADCAST needs SINGLE opt-in, active, deliverable, one topic on", permitted, {}),
    Row("... or DOUBLE opt-in", confirmed, {}),
    Row(
        "a NON_MARKETABLE address that an operator brought gets a receipt, and nothing else",
        brought,
        each("NON_MARKETABLE")(*MARKETING, CONFIRMATION),
    ),
    Row(
        "TRANSACTIONAL: consent does not matter",
        withdrawn,
        each("OPTED_OUT")(*MARKETING, CONFIRMATION),
    ),
    Row(
        "every purpose needs a deliverable address",
        unreachable,
        each("UNDELIVERABLE")(*MARKETING, TRANSACTIONAL, CONFIRMATION),
    ),
    Row(
        "every purpose needs an address",
        without_email,
        each("NO_ADDRESS")(*MARKETING, TRANSACTIONAL, CONFIRMATION),
    ),
    Row("no topic given: at least one on", without_topics, each("TOPIC_OFF")(*MARKETING)),
    Row("... also where the one is on", without_this_topic, {}),
    Row("the topic on", without_this_topic, each("TOPIC_OFF")(*MARKETING), topic=True),
    Row(
        "archived: no broadcast and no confirmation; a journey and a receipt activate first",
        archived(permitted),
        each("ARCHIVED")(BROADCAST, CONFIRMATION),
    ),
    Row(
        "archived and opted out: a receipt activates, a journey does not",
        archived(withdrawn),
        each("OPTED_OUT", "ARCHIVED")(BROADCAST, CONFIRMATION) | {JOURNEY: ["OPTED_OUT"]},
    ),
    Row(
        "archived and undeliverable: nothing, and nobody is activated",
        archived(unreachable),
        each("UNDELIVERABLE", "ARCHIVED")(BROADCAST, CONFIRMATION) | each("UNDELIVERABLE")(JOURNEY, TRANSACTIONAL),
    ),
    Row(
        "CONFIRMATION: the recipient's own sign-up of the last 7 days",
        signed_up,
        each("NON_MARKETABLE")(*MARKETING),
    ),
]


async def topics(api: Client) -> list[str]:
    """The ids of the account's topics."""
    return [topic["id"] for topic in (await api.query(TOPICS))["viewer"]["account"]["topics"]]


async def switched(api: Client, contact_id: str, *ids: str, on: bool = False) -> None:
    """Switch topics of a contact."""
    given = [{"topic": topic, "subscribed": on} for topic in ids]
    await api.changed("updateSubscriptions", contactId=contact_id, subscriptions=given)


async def decided(api: Client, contact_id: str, purpose: str, topic: str | None, channel: str = "EMAIL") -> list[str]:
    """The reasons against it, as `sendDecision` has them; allowed without any."""
    asked = {"contact": {"id": contact_id}, "channel": channel, "purpose": purpose, "topic": topic}
    found = (await api.query(DECISION, input=asked))["sendDecision"]
    assert found["allowed"] is (found["reasons"] == [])
    reasons: list[str] = found["reasons"]
    return reasons


async def delivered(api: Client, delivery: str) -> list[str]:
    """The reasons for which a message was refused, once it was tried."""
    await send_mail(api.actor.account_id)
    text = "query($id: ID!) { node(id: $id) { ... on Delivery { status reasons } } }"
    found = (await api.query(text, id=delivery))["node"]
    assert found["status"] == ("REFUSED" if found["reasons"] else "SENT")
    reasons: list[str] = found["reasons"]
    return reasons


async def broadcast(api: Client, contact_id: str, topic: str | None) -> list[str]:
    """Send one; the reasons for which it was refused."""
    kept = await made_template(api, key="broadcast")
    asked = {"template": kept, "topic": topic, "selection": {"ids": [contact_id]}}
    operation = (await api.changed("sendBroadcast", "bulkOperation { id }", **asked))["bulkOperation"]["id"]
    await worked_off(api, operation)
    await send_mail(api.actor.account_id)
    text = "query($id: ID!) { broadcastReport(id: $id) { deliveries { status count } reasons { reason } } }"
    found = (await api.query(text, id=operation))["broadcastReport"]
    reasons = [one["reason"] for one in found["reasons"]]
    assert found["deliveries"] == [{"status": "REFUSED" if reasons else "SENT", "count": 1}]
    return reasons


async def journey(api: Client, contact_id: str, topic: str | None) -> list[str]:
    """Trigger one; the reasons for which its message was missed."""
    kept = await made_template(api, key="journey")
    asked = {"key": "one", "name": "One", "trigger": "BY_HAND", "template": kept, "topic": topic}
    made_one = (await api.changed("createJourney", "journey { id }", **asked))["journey"]["id"]
    await api.changed("triggerJourney", "entered", journey=made_one, selection={"ids": [contact_id]})
    await send_mail(api.actor.account_id)
    missed = (await api.query("{ missedMessages { nodes { reasons } } }"))["missedMessages"]["nodes"]
    return missed[0]["reasons"] if missed else []


async def receipt(api: Client, contact_id: str, _: str | None) -> list[str]:
    """Send one; the reasons for which it was refused."""
    asked = {"contact": {"id": contact_id}, "template": await made(api, RECEIPT), "data": {"order": "7"}}
    return await delivered(api, (await api.changed("sendTransactional", "delivery { id }", **asked))["delivery"]["id"])


SENDERS: Final = {BROADCAST: broadcast, JOURNEY: journey, TRANSACTIONAL: receipt}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence)
async def test_the_table(api: Client, mailbox: Server, row: Row) -> None:
    """For each purpose `sendDecision` says it, the message itself ends so, and the mail server got it or did not."""
    contact_id = await row.who(api, mailbox)
    topic = (await topics(api))[0] if row.topic else None
    asleep = (await api.query(STATE, id=contact_id))["contact"]["lifecycle"] == "ARCHIVED"
    assert await decided(api, contact_id, CONFIRMATION, None) == row.refused.get(CONFIRMATION, [])
    for purpose, send in SENDERS.items():
        expected = row.refused.get(purpose, [])
        assert await decided(api, contact_id, purpose, topic) == expected, purpose
        before = len(mailbox.mails)
        assert await send(api, contact_id, topic) == expected, purpose
        assert len(mailbox.mails) - before == (not expected), purpose
        now = (await api.query(STATE, id=contact_id))["contact"]
        if asleep and purpose != BROADCAST and not expected:
            assert now["events"]["nodes"][0] == {"action": "ACTIVATE", "source": "AUTOMATION"}
            await api.changed("archiveContact", contactId=contact_id)
        else:
            assert (now["lifecycle"] == "ARCHIVED") is asleep, purpose


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        (permitted, None),
        (brought, [("NOT_PERMITTED", None)]),
        (withdrawn, [("OPTED_OUT", None)]),
        (unreachable, [("UNDELIVERABLE", None)]),
        (without_email, [("NO_ADDRESS", None)]),
        (archived(permitted), [("CONTACT_ARCHIVED", None)]),
    ],
    ids=["single", "brought", "withdrawn", "unreachable", "no address", "archived"],
)
async def test_who_may_be_asked_to_confirm(
    api: Client, mailbox: Server, who: Callable[[Client, Server], Awaitable[str]], codes: object
) -> None:
    """CONFIRMATION: address, deliverable, active and SINGLE_OPT_IN; refused with a code, and no mail, otherwise."""
    contact_id = await who(api, mailbox)
    if codes is None:
        await api.changed("requestDoubleOptIn", contactId=contact_id)
    else:
        found = await api.refused("requestDoubleOptIn", contactId=contact_id)
        assert [code for code, _ in found] == [code for code, _ in codes]  # type: ignore[attr-defined]
    await send_mail(api.actor.account_id)
    assert len(mailbox.mails) == (codes is None)


async def test_missed_is_sent_by_hand_alone(api: Client, mailbox: Server) -> None:
    """JOURNEY: refused sends are kept as missed and can be re-sent by hand; opting in later never triggers it again."""
    contact_id = await brought(api, mailbox)
    assert await journey(api, contact_id, None) == ["NON_MARKETABLE"]
    await api.changed("optInContact", contactId=contact_id, evidence=EVIDENCE)
    await send_mail(api.actor.account_id)
    assert mailbox.mails == []
    asked = {"selection": {"ids": [contact_id]}}
    operation = (await api.changed("resendMissedMessages", "bulkOperation { id }", **asked))["bulkOperation"]["id"]
    await worked_off(api, operation)
    await send_mail(api.actor.account_id)
    assert mailbox.recipients == [ADA]


@pytest.mark.parametrize("consent", ["NON_MARKETABLE", "OPTED_OUT"])
async def test_a_receipt_by_text(api: Client, carrier: Carrier, consent: str) -> None:
    """TRANSACTIONAL by SMS and CALL: without permission, but never to a number that is OPTED_OUT."""
    contact = await api.contact(points=[{"channel": name, "slot": 1, "value": PHONE} for name in ("SMS", "CALL")])
    if consent == "OPTED_OUT":
        await api.changed("optOutContact", contactId=contact["id"], channels=["SMS", "CALL"])
    expected = ["OPTED_OUT"] if consent == "OPTED_OUT" else []
    for channel in ("SMS", "CALL"):
        assert await decided(api, contact["id"], TRANSACTIONAL, None, channel) == expected
    text = {"key": "text", "name": "Text", "channel": "SMS", "marketing": False, "message": {"text": "Order 7"}}
    asked = {"contact": {"id": contact["id"]}, "template": await made(api, text)}
    delivery = (await api.changed("sendTransactional", "delivery { id }", **asked))["delivery"]["id"]
    assert await delivered(api, delivery) == expected
    assert carrier.texts == ([] if expected else [(PHONE, "Order 7")])


async def test_archiving(api: Client, mailbox: Server) -> None:
    """Archive and activate: idempotent, without confirmation or a touch of consent; archived, not among the active."""
    contact_id = await permitted(api, mailbox)
    for mutation, lifecycle, active in (("archiveContact", "ARCHIVED", 0), ("activateContact", "ACTIVE", 1)):
        events = [(await api.changed(mutation, contactId=contact_id))["events"] for _ in range(2)]
        assert [len(one) for one in events] == [1, 0]
        now = (await api.query(STATE, id=contact_id))["contact"]
        assert (now["lifecycle"], now["points"][0]["consent"]) == (lifecycle, "SINGLE_OPT_IN")
        summary = (await api.query(SUMMARY))["contactSummary"]
        assert (summary["total"], summary["active"], summary["archived"]) == (1, active, 1 - active)
        assert await broadcast_again(api, contact_id) == ([] if active else ["ARCHIVED"])
    assert mailbox.recipients == [ADA]


async def broadcast_again(api: Client, contact_id: str) -> list[str]:
    """A broadcast, of a template that is there already, perhaps."""
    for template in (await api.query("{ templates { id } }"))["templates"]:
        asked = {"template": template["id"], "selection": {"ids": [contact_id]}}
        operation = (await api.changed("sendBroadcast", "bulkOperation { id }", **asked))["bulkOperation"]["id"]
        await worked_off(api, operation)
        await send_mail(api.actor.account_id)
        text = "query($id: ID!) { broadcastReport(id: $id) { reasons { reason } } }"
        return [one["reason"] for one in (await api.query(text, id=operation))["broadcastReport"]["reasons"]]
    return await broadcast(api, contact_id, None)


async def by_an_operator(api: Client, contact_id: str) -> None:
    """Marked deliverable."""
    await api.changed("changeDeliverability", contactId=contact_id, deliverability="OK")


async def active_in_bulk(api: Client, contact_id: str) -> None:
    """Status of all: ACTIVE."""
    asked = {"selection": {"ids": [contact_id]}, "status": "ACTIVE"}
    operation = (await api.changed("bulkChangeStatus", "bulkOperation { id }", **asked))["bulkOperation"]["id"]
    await worked_off(api, operation)


async def by_a_new_value(api: Client, contact_id: str) -> None:
    """Another address in its place, with permission of its own."""
    points = [{"channel": "EMAIL", "slot": 1, "value": "new@example.org"}]
    await api.changed("updateContact", contactId=contact_id, points=points)
    await api.changed("optInContact", contactId=contact_id, evidence=EVIDENCE)


@pytest.mark.parametrize("cleared", [by_an_operator, active_in_bulk, by_a_new_value])
async def test_a_hard_bounce_and_what_clears_it(
    api: Client, mailbox: Server, cleared: Callable[[Client, str], Awaitable[None]]
) -> None:
    """A hard bounce marks an address ERROR and never counts as an opt-out; three things clear it."""
    contact_id = await permitted(api, mailbox)
    mailbox.rcpt[ADA] = "550 5.1.1 No such mailbox"
    await receipt_fails(api, contact_id)
    (point,) = (await api.query(STATE, id=contact_id))["contact"]["points"]
    assert (point["consent"], point["deliverability"]) == ("SINGLE_OPT_IN", "ERROR")
    assert await decided(api, contact_id, BROADCAST, None) == ["UNDELIVERABLE"]
    mailbox.rcpt.clear()
    await cleared(api, contact_id)
    assert await broadcast(api, contact_id, None) == []
    assert len(mailbox.mails) == 1


async def receipt_fails(api: Client, contact_id: str) -> None:
    """A receipt that the mail server refuses for good."""
    asked = {"contact": {"id": contact_id}, "template": await made(api, RECEIPT), "data": {"order": "7"}}
    delivery = (await api.changed("sendTransactional", "delivery { id }", **asked))["delivery"]["id"]
    await send_mail(api.actor.account_id)
    text = "query($id: ID!) { node(id: $id) { ... on Delivery { status } } }"
    assert (await api.query(text, id=delivery))["node"]["status"] in ("FAILED", "BOUNCED")

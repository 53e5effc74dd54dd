"""Journeys and missed messages, from outside."""

import asyncio
from typing import Any

import pytest

from api.relay import required
from domain.bulk.claim import claim
from domain.bulk.run_part import Step, run_part
from domain.bulk.write_down import write_down
from tests.api.client import EVIDENCE, Client
from tests.mailing import Server, mailbox, send_mail
from workers.bulk import _WORK

__all__ = ["mailbox"]

MESSAGE = {
    "subject": "Hello {{ first_name }}",
    "text": "{{ unsubscribe }}",
    "html": "<a href='{{ unsubscribe }}'>x</a>",
}
JOURNEY = "journey { id key name trigger attribute hour event enabled missedDays topicId templateId }"
MISSED = """query($filter: MissedMessageFilterInput, $after: String) {
  missedMessages(first: 1, after: $after, filter: $filter) {
    nodes { id contact { id email } journeyId occasion reasons missedAt expiresAt resentAt resentBy }
    pageInfo { hasNextPage endCursor } } }"""


async def test_from_the_journey_to_the_second_chance(api: Client, mailbox: Server) -> None:
    """Set up, triggered, missed, listed, sent again as a RESEND operation: the whole way by the API."""
    given = {"key": "hi", "name": "Hi", "trigger": "BY_HAND", "template": await made_template(api)}
    made = (await api.changed("createJourney", JOURNEY, **given))["journey"]
    assert (made["enabled"], made["missedDays"], made["topicId"]) == (True, 30, None)
    ada, ben = await api.contact("ada@example.org"), await api.contact("ben@example.org")
    both = {"ids": [ada["id"], ben["id"]]}
    asked = {"journey": made["id"], "selection": both, "occasion": "once"}
    assert (await api.changed("triggerJourney", "entered", **asked))["entered"] == 2
    assert (await api.changed("triggerJourney", "entered", **asked))["entered"] == 0
    await send_mail(api.actor.account_id)
    first = (await api.query(MISSED))["missedMessages"]
    (ben_missed,) = first["nodes"]
    assert (ben_missed["contact"]["email"], ben_missed["reasons"]) == ("ben@example.org", ["NON_MARKETABLE"])
    after = first["pageInfo"]["endCursor"]
    (ada_missed,) = (await api.query(MISSED, after=after))["missedMessages"]["nodes"]
    assert ada_missed["contact"]["id"] == ada["id"]
    nodes = await api.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[made["id"], ben_missed["id"]])
    assert [node["id"] for node in nodes["nodes"]] == [made["id"], ben_missed["id"]]
    await api.changed("optInContact", contactId=ada["id"], evidence=EVIDENCE)
    wanted = "bulkOperation { id kind summary status }"
    queued = (await api.changed("resendMissedMessages", wanted, selection=both, idempotencyKey="k"))["bulkOperation"]
    again = (await api.changed("resendMissedMessages", wanted, selection=both, idempotencyKey="k"))["bulkOperation"]
    assert (queued["kind"], queued["summary"], again) == (
        "RESEND",
        "Send missed messages again: 2 chosen contacts",
        queued,
    )
    await worked_off(api, queued["id"])
    text = (
        "query($id: ID!) { node(id: $id) { ... on BulkOperation { status changed skipped outcomes { code count } } } }"
    )
    assert (await api.query(text, id=queued["id"]))["node"] == {
        "status": "COMPLETED",
        "changed": 1,
        "skipped": 1,
        "outcomes": [{"code": "NOT_PERMITTED", "count": 1}],
    }
    await send_mail(api.actor.account_id)
    assert mailbox.recipients == ["ada@example.org"]
    where = {"contact": ada["id"], "journey": made["id"], "waiting": False}
    (resent,) = (await api.query(MISSED, filter=where))["missedMessages"]["nodes"]
    assert resent["resentAt"]
    assert resent["resentBy"].startswith("key:")


async def made_template(api: Client, **given: Any) -> str:
    """A new marketing template's id."""
    asked = {"key": "words", "name": "Words", "message": MESSAGE} | given
    return str((await api.changed("createTemplate", "template { id }", **asked))["template"]["id"])


async def worked_off(api: Client, operation: str) -> None:
    """Do what a worker does with the operation."""
    keys = api.actor.account_id, required("BulkOperation", operation)
    assert await claim(*keys)
    await write_down(*keys)
    while await run_part(*keys, _WORK) is Step.DONE:
        await asyncio.sleep(0)


async def test_events_and_changes(api: Client) -> None:
    """An event enters once an occasion; a journey can be changed and switched off; the list shows it as it stands."""
    made = await api.changed(
        "createJourney",
        JOURNEY,
        key="paid",
        name="Paid",
        trigger="EVENT",
        event="order paid",
        template=await made_template(api, key="old"),
    )
    ada = await api.opted_in("ada@example.org")
    told = {"contact": {"id": ada["id"]}, "event": "order paid", "occasion": "7"}
    assert [(await api.changed("recordEvent", "entered", **told))["entered"] for _ in range(2)] == [1, 0]
    changes = {"name": "Order paid", "enabled": False, "template": await made_template(api)}
    await api.changed("updateJourney", JOURNEY, id=made["journey"]["id"], **changes)
    (shown,) = (await api.query("{ journeys { name enabled templateId } }"))["journeys"]
    assert shown == {"name": "Order paid", "enabled": False, "templateId": changes["template"]}
    assert (await api.changed("recordEvent", "entered", **told | {"occasion": "8"}))["entered"] == 0


@pytest.mark.parametrize(
    ("mutation", "given", "expected"),
    [
        ("recordEvent", {"contact": {"email": "x"}, "event": "y"}, [("NOT_FOUND", ["contact"])]),
        ("recordEvent", {"contact": {"email": "x"}, "event": " "}, [("INVALID", ["event"])]),
        ("triggerJourney", {"journey": "x", "selection": {"everyone": True}}, [("NOT_FOUND", ["journey"])]),
        ("updateJourney", {"id": "x"}, [("NOT_FOUND", ["id"])]),
        ("resendMissedMessages", {}, [("INVALID", ["ids"])]),
        ("resendMissedMessages", {"ids": []}, [("INVALID", ["ids"])]),
        ("resendMissedMessages", {"ids": ["x"]}, [("NOT_FOUND", ["ids", "0"])]),
    ],
)
async def test_bad_input(api: Client, mutation: str, given: dict[str, object], expected: object) -> None:
    """Each mistake comes back in `userErrors` at its field."""
    assert await api.refused(mutation, **given) == expected

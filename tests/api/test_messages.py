"""Templates, broadcasts and transactional messages, from outside."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.api.test_journeys import MESSAGE, worked_off
from tests.mailing import Server, mailbox, send_mail

__all__ = ["mailbox"]

NEWS = {"key": "news", "name": "News", "message": MESSAGE}
RECEIPT = {
    "key": "receipt",
    "name": "Receipt",
    "marketing": False,
    "fields": ["order"],
    "message": {"subject": "Order {{ order }}", "text": "{{ name }}: {{ order }}", "html": "<p>{{ order }}</p>"},
}
REPORT = "query($id: ID!) { broadcastReport(id: $id) { deliveries { status count } reasons { reason count } } }"
STATUS = "query($id: ID!) { node(id: $id) { ... on Delivery { status reasons } } }"


async def made(api: Client, template: dict[str, Any]) -> str:
    """A new template's id."""
    return str((await api.changed("createTemplate", "template { id }", **template))["template"]["id"])


async def broadcast(api: Client, **asked: Any) -> str:
    """A broadcast that a worker has put into the outbox; the operation's id."""
    given = {"template": await made(api, NEWS), "selection": {"everyone": True}} | asked
    queued = (await api.changed("sendBroadcast", "bulkOperation { id kind }", **given))["bulkOperation"]
    assert queued["kind"] == "BROADCAST"
    await worked_off(api, queued["id"])
    return str(queued["id"])


async def report(api: Client, operation: str) -> tuple[dict[str, int], dict[str, int]]:
    """By status, and by reason."""
    found = (await api.query(REPORT, id=operation))["broadcastReport"]
    return (
        {one["status"]: one["count"] for one in found["deliveries"]},
        {one["reason"]: one["count"] for one in found["reasons"]},
    )


async def test_a_broadcast_reaches_the_opted_in_alone(api: Client, mailbox: Server) -> None:
    """One is sent it; who never permitted, and who left between the asking and the mail, is not, and counts add up."""
    await api.opted_in("ada@example.org")
    leaves = await api.opted_in("cleo@example.org")
    archived = await api.opted_in("dan@example.org")
    await api.changed("archiveContact", contactId=archived["id"])
    await api.contact("ben@example.org")
    operation = await broadcast(api, expectedTotal=4)
    assert (await report(api, operation))[0] == {"QUEUED": 2, "REFUSED": 2}
    await api.changed("optOutContact", contactId=leaves["id"], requestedBy="RECIPIENT")
    await send_mail(api.actor.account_id)
    await send_mail(api.actor.account_id)
    assert mailbox.recipients == ["ada@example.org"]
    assert mailbox.mails[0]["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert await report(api, operation) == (
        {"SENT": 1, "REFUSED": 3},
        {"NON_MARKETABLE": 1, "OPTED_OUT": 1, "ARCHIVED": 1},
    )


async def test_the_preview_tells_the_reasons(api: Client) -> None:
    """The whole selection judged, and nothing sent."""
    await api.opted_in("ada@example.org")
    await api.contact("ben@example.org")
    text = """query($input: SendBroadcastInput!) {
      previewBroadcast(input: $input) { total allowed reasons { reason count } } }"""
    given = {"template": await made(api, NEWS), "selection": {"everyone": True}}
    assert (await api.query(text, input=given))["previewBroadcast"] == {
        "total": 2,
        "allowed": 1,
        "reasons": [{"reason": "NON_MARKETABLE", "count": 1}],
    }


async def test_a_receipt_wakes_the_archived(api: Client, mailbox: Server) -> None:
    """Sent once for its key without a link to leave, to an archived contact who opted out; the contact is active."""
    ben = await api.contact("ben@example.org", firstName="Ben")
    await api.changed("optOutContact", contactId=ben["id"])
    await api.changed("archiveContact", contactId=ben["id"])
    given = {"contact": {"id": ben["id"]}, "template": await made(api, RECEIPT), "idempotencyKey": "k"}
    data = {"data": {"order": "7\r\nBcc: x@example.com"}}
    sent = [(await api.changed("sendTransactional", "delivery { id }", **given, **data))["delivery"] for _ in range(2)]
    assert sent[0] == sent[1]
    assert await api.refused("sendTransactional", **given, data={"order": "8"}) == [("CONFLICT", ["idempotencyKey"])]
    await send_mail(api.actor.account_id)
    await send_mail(api.actor.account_id)
    (mail,) = mailbox.mails
    assert (mail["to"], mail["subject"], mail["bcc"]) == ("ben@example.org", "Order 7 Bcc: x@example.com", None)
    assert mail["list-unsubscribe"] is None
    assert (await api.query(STATUS, id=sent[0]["id"]))["node"] == {"status": "SENT", "reasons": []}
    text = """query($id: ID!) { node(id: $id) { ... on Contact {
      lifecycle events(first: 1) { nodes { action source } } } } }"""
    assert (await api.query(text, id=ben["id"]))["node"] == {
        "lifecycle": "ACTIVE",
        "events": {"nodes": [{"action": "ACTIVATE", "source": "AUTOMATION"}]},
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"key": "No"}, [("INVALID", ["key"])]),
        ({"fields": ["email"]}, [("INVALID", ["fields"])]),
        ({"marketing": True}, [("INVALID", ["fields"])]),
        ({"fields": []}, [("INVALID", ["message", name]) for name in ("subject", "text", "html")]),
        (
            {"marketing": True, "fields": [], "message": MESSAGE | {"text": "no link"}},
            [("INVALID", ["message", "text"])],
        ),
    ],
)
async def test_templates_that_are_refused(api: Client, change: dict[str, Any], expected: object) -> None:
    """Unknown names, names that are taken, and marketing without the link to leave."""
    assert await api.refused("createTemplate", **RECEIPT | change) == expected


async def test_what_is_refused(api: Client) -> None:
    """A template of the other kind, data that it does not know, and another audience than was seen."""
    news, receipt = await made(api, NEWS), await made(api, RECEIPT)
    everyone = {"selection": {"everyone": True}}
    ada = {"contact": {"id": (await api.contact("ada@example.org"))["id"]}}
    assert await api.refused("sendBroadcast", template=receipt, **everyone) == [("INVALID", ["template"])]
    asked = {"template": news, "expectedTotal": 5, **everyone}
    assert await api.refused("sendBroadcast", **asked) == [("CONFLICT", ["expectedTotal"])]
    assert await api.refused("sendTransactional", template=news, **ada) == [("INVALID", ["template"])]
    assert await api.refused("sendTransactional", template=receipt, **ada, data=[1]) == [("INVALID", ["data"])]
    assert await api.refused("sendTransactional", template=receipt, **ada, data={"order": 1}) == [
        ("INVALID", ["data", "order"])
    ]
    changed = await api.changed("updateTemplate", "template { name subject }", id=news, name="New")
    assert changed["template"] == {"name": "New", "subject": MESSAGE["subject"]}
    assert [one["name"] for one in (await api.query("{ templates { name } }"))["templates"]] == ["New", "Receipt"]

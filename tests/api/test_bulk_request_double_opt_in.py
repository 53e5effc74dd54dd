"""bulkRequestDoubleOptIn: each address by the rules of one."""

from tests.api.client import Client
from tests.api.working import work_off
from tests.mailing import Server, mailbox, send_mail

__all__ = ["mailbox"]

_STARTED = "bulkOperation { id kind summary }"


async def test_a_selection_is_asked(api: Client, mailbox: Server) -> None:
    """Whoever may be asked gets one mail; the others are told apart in the report, and the ledger has an entry each."""
    asked = [await api.opted_in(f"a{n}@example.org") for n in range(3)]
    await api.contact("plain@example.org")
    await api.contact(points=[{"channel": "SMS", "value": "+12025550101"}])
    broken = await api.opted_in()
    await api.changed("changeDeliverability", contactId=broken["id"], deliverability="ERROR")
    await api.changed("requestDoubleOptIn", contactId=asked[0]["id"])
    started = await api.changed("bulkRequestDoubleOptIn", _STARTED, selection={"everyone": True}, idempotencyKey="k")
    operation = started["bulkOperation"]
    assert (operation["kind"], operation["summary"]) == ("REQUEST_DOUBLE_OPT_IN", "Request double opt-in: everyone")
    done = await work_off(api, operation["id"])
    assert (done.total, done.changed, done.skipped) == (6, 2, 4)
    assert {str(code): n for code, n in done.outcomes.items()} == {
        "NO_ADDRESS": 1,
        "NOT_PERMITTED": 1,
        "UNDELIVERABLE": 1,
        "CONFLICT": 1,
    }
    await send_mail(api.actor.account_id)
    assert sorted(mail["to"] for mail in mailbox.mails) == [f"a{n}@example.org" for n in range(3)]
    again = await api.changed("bulkRequestDoubleOptIn", _STARTED, selection={"everyone": True}, idempotencyKey="k")
    assert again["bulkOperation"] == operation
    feed = await api.query(
        "{ consentEvents(actions: [CONFIRMATION_REQUESTED]) { nodes { source bulkOperation { id } } } }"
    )
    events = feed["consentEvents"]["nodes"]
    assert [one["source"] for one in events] == ["OPERATOR", "BULK", "BULK"]
    assert events[1]["bulkOperation"]["id"] == operation["id"]


async def test_other_slots(api: Client, mailbox: Server) -> None:
    """The primary address unless slots are named."""
    await api.opted_in("one@example.org", "two@example.org")
    started = await api.changed("bulkRequestDoubleOptIn", _STARTED, selection={"everyone": True}, slots=[2, 3])
    assert (await work_off(api, started["bulkOperation"]["id"])).changed == 1
    await send_mail(api.actor.account_id)
    assert [mail["to"] for mail in mailbox.mails] == ["two@example.org"]


async def test_what_is_refused(api: Client) -> None:
    """Slots out of range, and a selection of nobody."""
    await api.contact()
    everyone = {"everyone": True}
    for slots in ([], [4]):
        assert await api.refused("bulkRequestDoubleOptIn", _STARTED, selection=everyone, slots=slots) == [
            ("INVALID", ["slots"])
        ]
    assert await api.refused("bulkRequestDoubleOptIn", _STARTED, selection={"tag": "none"}) == [
        ("INVALID", ["selection"])
    ]

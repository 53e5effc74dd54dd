"""Journeys: who enters, what goes, and what is kept as missed."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.update import update_account
from domain.actor import Actor
from domain.bulk.claim import claim
from domain.bulk.operation import Operation
from domain.bulk.run_part import Step, run_part
from domain.bulk.write_down import write_down
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup
from domain.contacts.selection import Selection
from domain.contacts.send import SendBlock
from domain.contacts.update import ContactChanges, update_contact
from domain.errors import DomainError, Refusals
from domain.infra.db import pool
from domain.messages.forms import Form
from domain.messages.journeys.create import NewJourney, create_journey, update_journey
from domain.messages.journeys.missed import MissedFilter, missed_page
from domain.messages.journeys.resend import Resend, resend_missed_messages
from domain.messages.journeys.rows import Journey, Missed
from domain.messages.journeys.rules import Trigger, anniversaries, days_due, local_day
from domain.messages.journeys.trigger import record_event, trigger_journey
from domain.messages.journeys.watch import watch
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template, templates, update_template
from domain.values import Channel, ConsentAction, Deliverability, Lifecycle
from domain.window import Window
from tests.domain.bulk.working import now as standing
from tests.domain.contacts.people import WRITTEN, history_of, opted_in, person, refused, row, topic_ids
from tests.mailing import Server, send_mail
from workers.bulk import _WORK

WORDS = Templates(
    "Welcome, {{ first_name|default('you') }}",
    "Hello {{ name }}: {{ unsubscribe }}",
    '<p>Hello {{ name }}</p><a href="{{ unsubscribe }}">Leave</a>',
)
B = SendBlock


async def words(actor: Actor, said: Templates = WORDS, **given: Any) -> UUID:
    """A template of these words; the same one for the same."""
    key = f"t{abs(hash((said, str(given))))}"
    kept = {one.key: one.id for one in await templates(actor)}
    return kept.get(key) or (await create_template(actor, key, "Words", said, **given)).id


async def journey(actor: Actor, trigger: Trigger = Trigger.BY_HAND, **given: Any) -> Journey:
    """A new journey."""
    asked: dict[str, Any] = {"key": "one", "name": "One", "trigger": trigger}
    if "template_id" not in given:
        asked["template_id"] = await words(actor)
    return await create_journey(actor, NewJourney(**asked | given))


async def by_hand(actor: Actor, one: Journey, *contacts: UUID, occasion: str | None = None) -> int:
    """Trigger it."""
    return await trigger_journey(actor, one.id, Selection(ids=list(contacts)), occasion)


async def missed(actor: Actor, **where: Any) -> list[Missed]:
    """What was missed, newest first."""
    return list((await missed_page(actor, Window(), MissedFilter(**where), datetime.now(UTC))).rows)


async def resent(actor: Actor, **asked: Any) -> Operation:
    """Send again what was missed, worked off as by a worker."""
    queued = await resend_missed_messages(actor, Resend(**asked))
    assert await claim(actor.account_id, queued.id)
    await write_down(actor.account_id, queued.id)
    while await run_part(actor.account_id, queued.id, _WORK) is Step.DONE:
        await asyncio.sleep(0)
    return await standing(actor, queued.id)


async def test_a_mail_goes_with_all_that_marketing_needs(actor: Actor, mailbox: Server) -> None:
    """The words, the link to leave, RFC 8058's headers, the name and postal address at the foot."""
    await update_account(actor, postal_address="1 Example Street")
    ada = await opted_in(actor, "ada@example.com", first_name="Ada\r\nBcc: x@example.com")
    assert await by_hand(actor, await journey(actor), ada) == 1
    await send_mail(actor.account_id)
    (mail,) = mailbox.mails
    assert (mail["to"], mail["subject"], mail["bcc"]) == ("ada@example.com", "Welcome, Ada Bcc: x@example.com", None)
    link = mail["list-unsubscribe"].strip("<>")
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    for part in (mail.get_body(("plain",)), mail.get_body(("html",))):
        assert part is not None
        said = part.get_content()
        assert link in said
        assert "1 Example Street" in said
    assert await missed(actor) == []


async def test_once_an_occasion(actor: Actor, mailbox: Server) -> None:
    """However often it is triggered, a contact enters an occasion once; without a name each is a new one."""
    one, ada = await journey(actor), await opted_in(actor, "ada@example.com")
    ben = await opted_in(actor, "ben@example.com")
    assert [await by_hand(actor, one, ada, occasion="spring") for _ in range(2)] == [1, 0]
    assert await by_hand(actor, one, ada, ben, occasion="spring") == 1
    assert await by_hand(actor, one, ada) == 1
    await send_mail(actor.account_id)
    assert (len(mailbox.sent_to("ada@example.com")), len(mailbox.sent_to("ben@example.com"))) == (2, 1)


async def test_what_is_refused_is_missed_and_never_sent_by_itself(actor: Actor, mailbox: Server) -> None:
    """With every reason; opting in later triggers nothing, asking by hand does, once, and says who asked."""
    one, ada = await journey(actor), await person(actor, "ada@example.com")
    await change_deliverability(actor, ada, Deliverability.ERROR)
    await by_hand(actor, one, ada)
    await send_mail(actor.account_id)
    (kept,) = await missed(actor, waiting=True)
    assert (kept.contact_id, kept.reasons) == (ada, [B.NON_MARKETABLE, B.UNDELIVERABLE])
    assert kept.expires_at - kept.missed_at == timedelta(days=30)
    done = await resent(actor, ids=[kept.id])
    assert (done.changed, {str(code): n for code, n in done.outcomes.items()}) == (0, {"NOT_PERMITTED": 1})
    await change_deliverability(actor, ada, Deliverability.OK)
    await opt_in(actor, ada, evidence=WRITTEN)
    await watch(datetime.now(UTC))
    await send_mail(actor.account_id)
    assert mailbox.mails == []
    assert (await resent(actor, selection=Selection(everyone=True))).changed == 1
    assert (await resent(actor, ids=[kept.id])).unchanged == 1
    await send_mail(actor.account_id)
    assert mailbox.recipients == ["ada@example.com"]
    (kept,) = await missed(actor)
    assert (kept.resent_by, kept.reasons, await missed(actor, waiting=True)) == (actor.name, [], [])


async def test_judged_when_it_goes(actor: Actor, mailbox: Server) -> None:
    """An opt-out between the trigger, or the second asking, and the mail wins."""
    one, ada = await journey(actor), await opted_in(actor, "ada@example.com")
    await by_hand(actor, one, ada)
    await opt_out(actor, ada)
    await send_mail(actor.account_id)
    (kept,) = await missed(actor, reason=B.OPTED_OUT)
    await opt_in(actor, ada, evidence=WRITTEN)
    assert (await resent(actor, ids=[kept.id])).changed == 1
    await opt_out(actor, ada)
    await send_mail(actor.account_id)
    (kept,) = await missed(actor, waiting=True)
    assert (kept.reasons, kept.resent_at, mailbox.mails) == ([B.OPTED_OUT], None, [])


async def test_missed_messages_expire(actor: Actor, mailbox: Server) -> None:
    """After the journey's days they are no longer sent, and say so."""
    one, ada = await journey(actor, missed_days=1), await person(actor, "ada@example.com")
    await by_hand(actor, one, ada)
    await send_mail(actor.account_id)
    await opt_in(actor, ada, evidence=WRITTEN)
    await pool().execute("UPDATE journey_entry SET expires_at = now() - interval '1 second'")
    assert (await resent(actor, selection=Selection(ids=[ada]))).unchanged == 1
    assert (len(await missed(actor, waiting=False)), await missed(actor, waiting=True)) == (1, [])


async def test_each_journey_has_its_own_days(actor: Actor, mailbox: Server) -> None:
    """A day later, what a journey of one day missed is past, and what one of two missed can still be sent."""
    short, long = await journey(actor, missed_days=1), await journey(actor, key="two", missed_days=2)
    ada = await person(actor, "ada@example.com")
    for one in (short, long):
        await by_hand(actor, one, ada)
    await send_mail(actor.account_id)
    kept = {one.journey_id: one for one in await missed(actor)}
    assert [(kept[one.id].expires_at - kept[one.id].missed_at).days for one in (short, long)] == [1, 2]
    await pool().execute(
        "UPDATE journey_entry SET missed_at = missed_at - interval '25 hours',"
        " expires_at = expires_at - interval '25 hours' WHERE account_id = $1",
        actor.account_id,
    )
    assert [one.journey_id for one in await missed(actor, waiting=True)] == [long.id]
    await opt_in(actor, ada, evidence=WRITTEN)
    assert (await resent(actor, ids=[one.id for one in kept.values()])).changed == 1
    await send_mail(actor.account_id)
    assert len(mailbox.mails) == 1
    assert [one.journey_id for one in await missed(actor) if one.resent_at] == [long.id]


async def test_the_archived_are_activated(actor: Actor, mailbox: Server) -> None:
    """A journey that qualifies wakes them, through the door; one that does not leaves them alone."""
    one = await journey(actor)
    ada, ben = await opted_in(actor, "ada@example.com"), await person(actor, "ben@example.com")
    for contact in (ada, ben):
        await archive(actor, contact)
    await by_hand(actor, one, ada, ben)
    await send_mail(actor.account_id)
    assert mailbox.recipients == ["ada@example.com"]
    assert [(await row(actor, one)).lifecycle for one in (ada, ben)] == [Lifecycle.ACTIVE, Lifecycle.ARCHIVED]
    assert (await history_of(actor, ada))[-1] is ConsentAction.ACTIVATE


async def test_welcome_the_first_time_alone(actor: Actor, mailbox: Server) -> None:
    """From the ledger, after the journey was set up; out and in again is not the first time, nor is a confirmation."""
    early = await opted_in(actor, "early@example.com")
    one = await journey(actor, Trigger.FIRST_OPT_IN)
    ada = await opted_in(actor, "ada@example.com")
    assert [await watch(datetime.now(UTC)) for _ in range(2)] == [1, 0]
    for contact in (early, ada):
        await opt_out(actor, contact)
        await opt_in(actor, contact, evidence=WRITTEN)
    assert await watch(datetime.now(UTC)) == 0
    await send_mail(actor.account_id)
    assert mailbox.recipients == ["ada@example.com"]
    await update_journey(actor, one.id, enabled=False)
    await opted_in(actor, "ben@example.com")
    assert await watch(datetime.now(UTC)) == 0
    await update_journey(actor, one.id, enabled=True)
    assert await watch(datetime.now(UTC)) == 0


async def test_a_crash_neither_loses_nor_doubles(
    actor: Actor, mailbox: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between entering and the cursor, all is undone; the next look finds the same, as do three at once."""
    await journey(actor, Trigger.FIRST_OPT_IN)
    await opted_in(actor, "ada@example.com")
    with monkeypatch.context() as patch:
        patch.setattr(
            "domain.messages.journeys.watch._LOOKED",
            "SELECT 1 / (length($1::uuid::text || $2::uuid || $3::bigint) * 0)",
        )
        with pytest.raises(Exception, match="division by zero"):
            await watch(datetime.now(UTC))
    assert await pool().fetchval("SELECT count(*) FROM journey_entry") == 0
    moment = datetime.now(UTC)
    assert sum(await asyncio.gather(*(watch(moment) for _ in range(3)))) == 1
    await pool().execute("UPDATE journey SET looked_upto = 0")
    assert await watch(moment) == 0
    await send_mail(actor.account_id)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    ("day", "born", "entered"),
    [
        (date(2026, 5, 3), "1990-05-03", 1),
        (date(2026, 5, 3), "--05-03", 1),
        (date(2026, 5, 3), "1990-05-04", 0),
        (date(2026, 5, 3), "3 May", 0),
        (date(2026, 2, 28), "1992-02-29", 1),
        (date(2028, 2, 28), "1992-02-29", 0),
        (date(2028, 2, 29), "1992-02-29", 1),
        (date(2026, 3, 1), "1992-02-29", 0),
    ],
)
async def test_birthdays(actor: Actor, day: date, born: str, entered: int) -> None:
    """Once a year on the day, in the account's time zone and from the journey's hour on."""
    await update_account(actor, time_zone="Pacific/Auckland")
    await journey(actor, Trigger.YEARLY, attribute="born", hour=9)
    ada = await opted_in(actor, "ada@example.com")
    await update_contact(actor, ada, ContactChanges(attributes={"born": born}))
    await pool().execute("UPDATE journey SET dealt_with = $1", day - timedelta(days=1))
    nine_there = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)  # 12 or 13 hours ahead
    assert await watch(nine_there - timedelta(hours=5)) == 0
    assert await watch(nine_there + timedelta(hours=9)) == entered
    assert await watch(nine_there + timedelta(hours=10)) == 0
    if entered:
        assert await pool().fetchval("SELECT occasion FROM journey_entry") == f"year {day.year}"


def test_what_day_it_is() -> None:
    """By the zone's own clock, also over the change to summer time; a week is caught up with, no more."""
    assert local_day(datetime(2026, 3, 29, 6, 59, tzinfo=UTC), "Europe/Berlin", 9) == date(2026, 3, 28)
    assert local_day(datetime(2026, 3, 29, 7, 0, tzinfo=UTC), "Europe/Berlin", 9) == date(2026, 3, 29)
    assert local_day(datetime(2026, 1, 1, 7, 59, tzinfo=UTC), "Europe/Berlin", 9) == date(2025, 12, 31)
    assert days_due(date(2026, 5, 1), date(2026, 5, 3)) == [date(2026, 5, 2), date(2026, 5, 3)]
    assert days_due(date(2026, 5, 3), date(2026, 5, 3)) == []
    assert len(days_due(date(2025, 5, 1), date(2026, 5, 3))) == 7
    assert anniversaries(date(2027, 2, 28)) == ["02-28", "02-29"]
    assert anniversaries(date(2028, 2, 28)) == ["02-28"]


async def test_events(actor: Actor, stranger: Actor, mailbox: Server) -> None:
    """A contact enters every journey that waits for it, once for each occasion; others are not concerned."""
    await journey(actor, Trigger.EVENT, event="order paid")
    await journey(actor, Trigger.EVENT, key="two", event="order paid")
    await journey(actor, Trigger.EVENT, key="three", event="order lost")
    await opted_in(actor, "ada@example.com")
    ada = Lookup(email="ada@example.com")
    assert [await record_event(actor, "order paid", ada, "order 7") for _ in range(2)] == [2, 0]
    assert await record_event(actor, "order paid", ada, "order 8") == 2
    assert await record_event(actor, "nothing", ada) == 0
    with pytest.raises(DomainError) as refusal:
        await record_event(stranger, "order paid", ada)
    assert refused(refusal.value) == [("NOT_FOUND", "contact")]
    await send_mail(actor.account_id)
    assert len(mailbox.mails) == 4


async def test_a_topic_decides(actor: Actor, mailbox: Server) -> None:
    """A journey about a topic needs that one on; the erased get nothing and leave nothing behind."""
    topic = (await topic_ids(actor))[-1]
    one = await journey(actor, topic_id=topic)
    ada, ben = await opted_in(actor, "ada@example.com"), await opted_in(actor, "ben@example.com")
    await pool().execute(
        "INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)"
        " VALUES ($1, $2, $3, false, now())",
        actor.account_id,
        ada,
        topic,
    )
    await by_hand(actor, one, ada, ben)
    await erase_contact(actor, ben)
    await send_mail(actor.account_id)
    assert [kept.reasons for kept in await missed(actor)] == [[B.TOPIC_OFF]]
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"key": "Not a key", "name": ""}, [("INVALID", "key"), ("INVALID", "name")]),
        ({"trigger": Trigger.YEARLY}, [("REQUIRED", "attribute")]),
        ({"event": "x"}, [("INVALID", "event")]),
        ({"hour": 24}, [("INVALID", "hour")]),
        ({"missed_days": 0}, [("INVALID", "missedDays")]),
        ({"template_id": UUID(int=7)}, [("NOT_FOUND", "template")]),
        ({"topic_id": UUID(int=7)}, [("NOT_FOUND", "topic")]),
    ],
)
async def test_a_journey_that_cannot_be(actor: Actor, given: Any, expected: Any) -> None:
    """Each mistake at its field."""
    with pytest.raises((DomainError, Refusals)) as refusal:
        await journey(actor, **{"trigger": Trigger.BY_HAND} | given)
    assert refused(refusal.value) == expected


async def test_a_journey_says_what_its_template_says(actor: Actor, mailbox: Server) -> None:
    """Whatever that is when the mail goes; only marketing by mail will do."""
    receipt = await words(actor, Templates("Order", "Thanks", "<p>Thanks</p>"), marketing=False)
    texts = await words(actor, Templates("", "Hello {{ unsubscribe }}", ""), form=Form(Channel.SMS))
    for wrong in (receipt, texts):
        with pytest.raises(DomainError) as refusal:
            await journey(actor, template_id=wrong)
        assert refused(refusal.value) == [("INVALID", "template")]
    one, ada = await journey(actor), await opted_in(actor, "ada@example.com")
    with pytest.raises(DomainError) as refusal:
        await update_journey(actor, one.id, template_id=receipt)
    assert refused(refusal.value) == [("INVALID", "template")]
    await by_hand(actor, one, ada)
    await update_template(actor, one.template_id, words=replace(WORDS, subject="Anew"))
    await send_mail(actor.account_id)
    assert [mail["subject"] for mail in mailbox.mails] == ["Anew"]


async def test_keys_are_taken_once(actor: Actor, stranger: Actor) -> None:
    """In an account; and another account's journey is NOT_FOUND."""
    one = await journey(actor)
    await journey(stranger)
    with pytest.raises(DomainError) as refusal:
        await journey(actor)
    assert refused(refusal.value) == [("TAKEN", "key")]
    ada = await opted_in(stranger, "ada@example.com")
    with pytest.raises(DomainError) as refusal:
        await by_hand(stranger, one, ada)
    assert refused(refusal.value) == [("NOT_FOUND", "journey")]
    await update_journey(actor, one.id, enabled=False)
    with pytest.raises(DomainError) as refusal:
        await by_hand(actor, one, ada)
    assert refused(refusal.value) == [("ALREADY_FINISHED", "journey")]

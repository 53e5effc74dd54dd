"""The outbox: nothing lost, and nothing sent twice but in the one window that is documented."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.confirmations.request import request_double_opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.erase import erase_contact
from domain.infra.db import pool, tx
from domain.mail.compose import Mail, letter
from domain.mail.outbox import MailKind, claim, due, hand_over, pause, queue_mail
from tests.domain.contacts.people import account, opted_in, points_of
from tests.mailing import Server, mailbox, mails, send_mail

__all__ = ["mailbox"]

_SILENT = "UPDATE mail SET lease_until = now() - interval '1 second' WHERE status = 'SENDING'"
_IMPATIENT = "UPDATE mail SET next_attempt_at = now() WHERE status = 'QUEUED'"


async def test_a_mail_is_as_lost_as_its_request(db: None, redis: None, mailbox: Server) -> None:
    """Written in the same transaction: undone with it, sent once with it."""
    actor = await account()
    contact_id = await opted_in(actor, "anna@example.org")

    async def undone() -> None:
        async with tx():
            await request_double_opt_in(actor, contact_id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await mails(actor.account_id) == []
    await request_double_opt_in(actor, contact_id)
    assert await due(datetime.now(UTC)) == [actor.account_id]
    await send_mail(actor.account_id)
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("SENT", 1, 0)]
    assert len(mailbox.mails) == 1


async def test_killed_before_the_hand_over(db: None, redis: None, mailbox: Server) -> None:
    """Claimed and left behind: nothing was sent, so it goes again as if nothing had been."""
    actor = await account()
    await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
    for _ in range(3):
        (claimed,) = await claim(actor.account_id, datetime.now(UTC), 10)
        assert await claim(actor.account_id, datetime.now(UTC), 10) == []
        await pool().execute(_SILENT)
    assert not await hand_over(claimed, datetime.now(UTC))
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("SENT", 4, 0)]
    assert len(mailbox.mails) == 1


async def test_killed_between_hand_over_and_record(db: None, redis: None, mailbox: Server) -> None:
    """The window: a confirmation goes once more, the same to the byte, and then its end stays unknown."""
    actor = await account()
    await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
    for unknowns in (0, 1):
        (claimed,) = await claim(actor.account_id, datetime.now(UTC), 10)
        assert claimed.unknowns == unknowns
        assert await hand_over(claimed, datetime.now(UTC))
        await pool().execute(_SILENT)
    assert await claim(actor.account_id, datetime.now(UTC), 10) == []
    assert await mails(actor.account_id) == [("UNKNOWN", 2, 1 + 1)]


async def test_a_repeat_can_be_recognised(db: None, redis: None, mailbox: Server) -> None:
    """The connection broke before the answer: the same bytes under the same Message-ID go again, once."""
    actor = await account()
    mailbox.data = ["break"]
    await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("QUEUED", 1, 1)]
    await pool().execute(_IMPATIENT)
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("SENT", 2, 1)]
    first, second = mailbox.mails
    assert first.as_bytes() == second.as_bytes()
    assert first["message-id"]


async def test_put_off_by_the_server(db: None, redis: None, mailbox: Server) -> None:
    """4xx: it waits, longer each time, for two days at most."""
    actor = await account()
    mailbox.rcpt["anna@example.org"] = "450 4.2.1 Later"
    await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("QUEUED", 1, 0)]
    assert await due(datetime.now(UTC)) == []
    assert await due(datetime.now(UTC) + pause(1)) == [actor.account_id]
    assert [pause(n) for n in (1, 2, 3)] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert pause(50) == timedelta(hours=2)
    await pool().execute("UPDATE mail SET created_at = now() - interval '3 days', next_attempt_at = now()")
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("DROPPED", 2, 0)]


async def test_refused_for_good(db: None, redis: None, mailbox: Server) -> None:
    """5xx: not again; where there is no such mailbox, the address is marked, as by a bounce."""
    actor = await account()
    for email, answer in (("gone@example.org", "550 5.1.1 Who?"), ("full@example.org", "554 5.7.1 No")):
        mailbox.rcpt[email] = answer
        contact_id = await opted_in(actor, email)
        await request_double_opt_in(actor, contact_id)
        await send_mail(actor.account_id)
        (point,) = await points_of(actor, contact_id)
        assert point.deliverability == ("ERROR" if "5.1.1" in answer else "OK")
    assert await mails(actor.account_id) == [("REFUSED", 1, 0)] * 2
    sources = await pool().fetch("SELECT source FROM ledger WHERE action = 'MARK_ERROR'")
    assert [row["source"] for row in sources] == ["BOUNCE"]


async def test_what_happened_meanwhile(db: None, redis: None, mailbox: Server) -> None:
    """Opted out or erased between the request and the mail: nothing is sent."""
    actor = await account()
    out, erased = await opted_in(actor, "out@example.org"), await opted_in(actor, "erased@example.org")
    await request_double_opt_in(actor, out)
    await request_double_opt_in(actor, erased)
    await opt_out(actor, out)
    await erase_contact(actor, erased)
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("DROPPED", 1, 0)] * 2
    assert mailbox.mails == []


async def test_a_mail_that_cannot_be_made_holds_no_other_up(db: None, redis: None, mailbox: Server) -> None:
    """A subject that is none ends as dropped; a worker goes on with the rest."""
    actor = await account()
    async with tx() as connection:
        missing = (actor.account_id, actor.account_id)
        await queue_mail(connection, actor.account_id, MailKind.CONFIRMATION, [missing], datetime.now(UTC))
    await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
    await send_mail(actor.account_id)
    assert [status for status, _, _ in await mails(actor.account_id)] in (["SENT", "DROPPED"], ["DROPPED", "SENT"])


def test_nobody_adds_to_a_header() -> None:
    """Line ends in a name or a subject become spaces; an address in other letters travels as one server reads it."""
    evil = "Hello\r\nBcc: eve@example.com\n\n<b>"
    said = Mail("anna@bücher.example", evil, evil, "Text.", "<p>Text.</p>", "de")
    made = letter(said, MAIL_ID, datetime(2026, 3, 1, tzinfo=UTC))
    head = made.content.split(b"\r\n\r\n", 1)[0].decode()
    assert made.recipient == "anna@xn--bcher-kva.example"
    assert "\r\nBcc" not in head
    assert "Subject: Hello Bcc: eve@example.com <b>" in head
    assert "Content-Language: de" in head
    assert letter(said, MAIL_ID, datetime(2026, 3, 1, tzinfo=UTC)) == made


MAIL_ID = UUID(int=7)

"""A broadcast meets a mail server that refuses, hangs, hangs up, or wants it later; and a telling of old words."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.infra.db import pool
from domain.mail.batches import End, lines
from domain.mail.group import given_back
from domain.mail.outbox import Claimed, pause
from domain.mail.results import Accepted, Deferred, Refused, Stale
from domain.mail.smtp import Smtp, server_of
from domain.mail.transport import Letter
from domain.messages.deliveries import DeliveryStatus, broadcast_report
from tests.domain.contacts.people import account, opted_in, points_of
from tests.flows.audience import audience, broadcast
from tests.mailing import Server, mailbox, send_mail, sending_to, serving
from workers.bulk import _WORK

__all__ = ["mailbox"]

S = DeliveryStatus
LETTER = Letter("from@example.com", "anna@example.org", b"Subject: Hello\r\n\r\n.Hello.\r\n.\r\nBye")


class Moody(Server):
    """It hangs, or hangs up, when it gets a mail for somebody of that name."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """By recipient."""
        answer = await super().handle_DATA(server, session, envelope)
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "hangs":
            await asyncio.Event().wait()
        if name == "breaks":
            server.transport.abort()
        return "451 4.3.0 Not now" if name == "later" else "554 5.7.1 No" if name == "spam" else answer


async def queued(actor: Actor) -> UUID:
    """A broadcast to everybody, all of it in the outbox."""
    from domain.bulk.claim import claim
    from domain.bulk.run_part import Step, run_part
    from domain.bulk.write_down import write_down

    operation = await broadcast(actor)
    await claim(actor.account_id, operation.id)
    await write_down(actor.account_id, operation.id)
    while await run_part(actor.account_id, operation.id, _WORK) is Step.DONE:
        await asyncio.sleep(0)
    return operation.id


async def test_each_answer_for_what_it_says(db: None, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused: FAILED, and an unknown mailbox is marked; put off: it waits; cut or hung: UNKNOWN; the others go."""
    monkeypatch.setenv("ASSENT_SMTP_TIMEOUT", "2")
    actor = await account()
    names = ("fine", "gone", "spam", "grey", "later", "hangs", "breaks", "fine2")
    people = {name: await opted_in(actor, f"{name}@example.org") for name in names}
    server = Moody(rcpt={"gone@example.org": "550 5.1.1 Who?", "grey@example.org": "450 4.7.1 Come again"})
    async with serving(server=server), sending_to(server.url):
        operation = await queued(actor)
        await send_mail(actor.account_id)
        found = await broadcast_report(actor, operation)
        assert found.statuses == {S.SENT: 2, S.FAILED: 2, S.QUEUED: 2, S.UNKNOWN: 2}
        (point,) = await points_of(actor, people["gone"])
        assert point.deliverability == "ERROR"
        for name in ("grey", "later"):
            row = await _row(actor, people[name])
            assert row["attempts"] == 1
            assert row["next_attempt_at"] > datetime.now(UTC) + pause(1) - timedelta(seconds=20)
        server.rcpt.clear()
        await send_mail(actor.account_id)
        assert server.recipients.count("grey@example.org") == 0
        await pool().execute("UPDATE mail SET next_attempt_at = now() WHERE status = 'QUEUED'")
        await send_mail(actor.account_id)
        assert server.recipients.count("grey@example.org") == 1
        assert (await _row(actor, people["later"]))["attempts"] == 2
        for name in ("fine", "fine2", "hangs", "breaks", "spam"):
            assert server.recipients.count(f"{name}@example.org") == 1


async def test_no_server_at_all(db: None, redis: None) -> None:
    """Nobody listens: all of it waits, and not even every message is judged for that."""
    actor = await audience(200)
    async with sending_to("smtp://127.0.0.1:9?starttls=off"):
        operation = await queued(actor)
        await send_mail(actor.account_id)
    assert (await broadcast_report(actor, operation)).statuses == {S.QUEUED: 200}
    assert await pool().fetchval("SELECT count(*) FROM mail WHERE attempts = 0") > 0
    async with serving() as server, sending_to(server.url):
        await pool().execute("UPDATE mail SET next_attempt_at = now()")
        await send_mail(actor.account_id)
    assert len(set(server.recipients)) == len(server.recipients) == 200


async def test_old_words_are_not_sent(db: None, redis: None, mailbox: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited too long after it was judged goes back, to be judged again, and that is no attempt."""
    actor = await account()
    await opted_in(actor, "ada@example.org")
    operation = await queued(actor)
    with monkeypatch.context() as patch:
        patch.setattr("domain.mail.group.FRESH", -1)
        patch.setattr("domain.mail.stream.given_back", _tomorrow)  # else it would be judged, and grow old, for ever
        await send_mail(actor.account_id)
    assert mailbox.mails == []
    assert await pool().fetchval("SELECT attempts FROM mail") == 0
    await pool().execute("UPDATE mail SET next_attempt_at = now()")
    assert await lines(datetime.now(UTC)) == [(actor.account_id, operation)]
    await send_mail(actor.account_id)
    assert len(mailbox.mails) == 1


async def test_telling_stops_before_the_words(db: None) -> None:
    """A server that was slow to take the envelope is told nothing more; the next mail goes."""
    async with serving() as server:
        smtp = Smtp(server_of(server.url), 1, 10)
        late = Letter(LETTER.sender, LETTER.recipient, LETTER.content, monotonic() - 1)
        assert await smtp.send(late) == Stale()
        assert await smtp.send(LETTER) == Accepted()
        await smtp.close()
    assert len(server.mails) == 1


@pytest.mark.parametrize("pipelining", [True, False])
async def test_in_one_go_or_one_by_one(*, pipelining: bool) -> None:
    """The same answers and the same connection, whether the server takes several commands at once or not."""
    server = Server(pipelining=pipelining, rcpt={"no@example.org": "550 5.1.1 Who?", "later@example.org": "450 Wait"})
    async with serving(server=server):
        smtp = Smtp(server_of(server.url), 1, 10)
        ends = [
            await smtp.send(Letter(LETTER.sender, f"{name}@example.org", LETTER.content))
            for name in ("anna", "no", "ben", "later", "cleo")
        ]
        await smtp.close()
    assert ends == [Accepted(), Refused(550, "5.1.1"), Accepted(), Deferred(450), Accepted()]
    assert server.connections == 1
    assert [mail.get_content() for mail in server.mails] == [".Hello.\r\n.\r\nBye\r\n"] * 3


def _tomorrow(mail: Claimed, now: datetime) -> End:
    return given_back(mail, now + timedelta(days=1))


async def _row(actor: Actor, contact_id: UUID) -> Any:
    return await pool().fetchrow(
        "SELECT m.* FROM mail m JOIN message g ON g.account_id = m.account_id AND g.id = m.id"
        " WHERE m.account_id = $1 AND g.contact_id = $2",
        actor.account_id,
        contact_id,
    )

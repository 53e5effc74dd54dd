"""A worker killed with a mail in its hands: the mail is not lost, and goes twice only in the documented window."""

import asyncio
import signal
from typing import Any

from domain.confirmations.request import request_double_opt_in
from domain.infra import queue
from domain.infra.db import pool
from domain.recipients.visit import Visit
from domain.signups.sign_up import SignUp, sign_up
from tests.domain.contacts.people import account, opted_in
from tests.flows.crew import Worker
from tests.mailing import Server, mails, serving

_PATIENCE = 120
_SILENT = "UPDATE mail SET lease_until = now() - interval '1 second' WHERE status = 'SENDING'"


class Slow(Server):
    """A mail server that takes a mail, and says so only once it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.came, self.answer = asyncio.Event(), asyncio.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take it, and wait."""
        answer = await super().handle_DATA(server, session, envelope)
        self.came.set()
        await self.answer.wait()
        return answer


async def _until_sent(account_id: Any) -> None:
    async with asyncio.timeout(_PATIENCE):
        while [status for status, _, _ in await mails(account_id)] != ["SENT"]:
            await asyncio.sleep(0.05)


async def test_killed_with_a_mail_on_its_way(db: None, redis: None) -> None:
    """After the server has it, before that is recorded: the next worker repeats it, to the byte, this once."""
    actor = await account()
    slow = Slow()
    async with serving(server=slow):
        await request_double_opt_in(actor, await opted_in(actor, "anna@example.org"))
        first = Worker(ASSENT_SMTP_URL=slow.url)
        await asyncio.wait_for(slow.came.wait(), _PATIENCE)
        first.send(signal.SIGKILL)
        assert await first.ended() == -signal.SIGKILL
        assert await mails(actor.account_id) == [("SENDING", 1, 0)]
        slow.answer.set()
        await pool().execute(_SILENT)
        second = Worker(ASSENT_SMTP_URL=slow.url)
        await _until_sent(actor.account_id)
        second.send(signal.SIGTERM)
        await second.ended()
    await queue.drain()
    one, other = slow.mails
    assert one.as_bytes() == other.as_bytes()
    assert await mails(actor.account_id) == [("SENT", 2, 1)]


async def test_from_form_to_mail_without_a_bell(db: None, redis: None) -> None:
    """Redis forgets everything between the sign-up and its worker: the sweep finds it, and the mail goes."""
    actor = await account()
    form = SignUp("https://www.example.com/news", "Yes, I want news from Acme.", "anna@example.org")
    await sign_up(actor, form, Visit("203.0.113.7"))
    await queue.drain()
    await queue.jobs().flushdb()
    async with serving() as server:
        worker = Worker(ASSENT_SMTP_URL=server.url)
        await _until_sent(actor.account_id)
        worker.send(signal.SIGTERM)
        await worker.ended()
    await queue.drain()
    assert [mail["to"] for mail in server.mails] == ["anna@example.org"]

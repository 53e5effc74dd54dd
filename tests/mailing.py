"""A real mail server for tests, what it received, and the work of a worker done in this process."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ssl import SSLContext
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from domain.actor import Actor
from domain.infra import queue
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.mail.batches import lines
from domain.mail.deliver import deliver
from domain.mail.stream import stream
from domain.mail.transport import transport
from domain.signups.work_off import work_off
from workers.mail import BOUNCE, COMPOSE, CROWD

LINK = re.compile(r"http\S+/c/(\S+)")


@dataclass
class Server:
    """What was received, and how to answer: by recipient, or to all."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    rcpt: dict[str, str] = field(default_factory=dict)
    """Answers to RCPT, by recipient."""
    data: list[str] = field(default_factory=list)
    """Answers to DATA, one after the other; accepted once they are used up. `break` cuts the connection."""
    sessions: list[Any] = field(default_factory=list)
    pipelining: bool = True
    """Whether it takes several commands at once (RFC 2920)."""

    @property
    def url(self) -> str:
        """For ASSENT_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}?starttls=off"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """What it can do."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", *responses[-1:]] if self.pipelining else responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient."""
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer to a mail."""
        answer = self.data.pop(0) if self.data else "250 2.0.0 Taken"
        if answer.startswith("250") or answer == "break":
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients += envelope.rcpt_tos
        if answer == "break":
            server.transport.abort()
        return answer

    def sent_to(self, address: str) -> list[EmailMessage]:
        """What went to somebody."""
        return [mail for mail in self.mails if mail["to"] == address]


@asynccontextmanager
async def serving(
    tls: SSLContext | None = None, *, server: Server | None = None, **options: Any
) -> AsyncIterator[Server]:
    """A mail server on a free port of this machine."""
    mine = server or Server()

    def connected() -> SMTP:
        mine.connections += 1
        session = SMTP(mine, hostname="mail.example.com", enable_SMTPUTF8=True, tls_context=tls, **options)
        mine.sessions.append(session)
        return session

    listening = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    mine.port = listening.sockets[0].getsockname()[1]
    try:
        yield mine
    finally:
        listening.close()
        for session in mine.sessions:
            with suppress(AttributeError):  # of a connection whose encryption never began
                session.transport.abort()


@asynccontextmanager
async def sending_to(url: str) -> AsyncIterator[None]:
    """Have mail go to this server inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSENT_SMTP_URL", url)
        settings.cache_clear()
        transport.cache_clear()
        yield
        await transport().close()
    settings.cache_clear()
    transport.cache_clear()


@pytest.fixture
async def mailbox() -> AsyncIterator[Server]:
    """A mail server that everything goes to."""
    async with serving() as server, sending_to(server.url):
        yield server
        await queue.drain()


async def send_mail(account_id: UUID) -> None:
    """Do what a worker does with an account's mail, single and of broadcasts."""
    await deliver(account_id, COMPOSE, BOUNCE, asyncio.Event())
    for account, batch_id in await lines(datetime.now(UTC)):
        if account == account_id:
            await stream(account_id, batch_id, CROWD, asyncio.Event(), 60)


async def work_through(actor: Actor) -> None:
    """Do what workers do with an account's sign-ups and mail."""
    await work_off(actor.account_id, asyncio.Event())
    await send_mail(actor.account_id)


def text(mail: EmailMessage, kind: str = "plain") -> str:
    """A part of a mail, as a mail program shows it."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the link to confirm; the same in both parts."""
    found = LINK.search(text(mail))
    assert found is not None
    assert f'href="{found[0]}"' in text(mail, "html").replace("&amp;", "&")
    return "/" + found[0].split("/", 3)[3]


async def mails(account_id: UUID) -> list[tuple[str, int, int]]:
    """The outbox: status, attempts and unknown ends of each mail, oldest first."""
    rows = await pool().fetch(
        "SELECT status, attempts, unknowns FROM mail WHERE account_id = $1 ORDER BY id", account_id
    )
    return [tuple(row) for row in rows]

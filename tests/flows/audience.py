"""A broadcast to an audience of any size, a mail server that remembers who got what, and how to see it through."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.contacts.selection import Selection
from domain.infra import queue
from domain.infra.db import pool
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.deliveries import DeliveryStatus, Report, broadcast_report
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template
from tests.domain.contacts.people import account
from tests.flows.crew import written_down
from tests.mailing import Server

PATIENCE = 180
WORDS = Templates(
    "For {{ first_name }}",
    "Hello {{ first_name }}: {{ unsubscribe }}",
    '<p>Hello {{ first_name }}</p><a href="{{ unsubscribe }}">Leave</a>',
)
_TO = re.compile(rb"^To: (\S+)\r$", re.MULTILINE)
_PEOPLE = """
WITH person AS MATERIALIZED (
  SELECT n, uuidv7() AS id, uuidv7() AS email FROM generate_series(1, $2::integer) AS n
), contacts AS (
  INSERT INTO contact (account_id, id, first_name, updated_at) SELECT $1, id, 'Here', now() FROM person
), states AS (
  INSERT INTO contact_state (account_id, contact_id, lifecycle, topic_on) SELECT $1, id, 'ACTIVE', true FROM person
), addresses AS (
  INSERT INTO address (account_id, id, channel, consent, hash, value)
  SELECT $1, email, 'EMAIL', 'SINGLE_OPT_IN', sha256(uuid_send(email)), 'p' || n || '@example.com' FROM person
)
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, id, 'EMAIL', 1, email FROM person
"""
# What a worker that lives writes down at this moment is left to it: neither waits for the other.
_SILENT = """
WITH held AS (SELECT account_id, id FROM mail WHERE status = 'SENDING' FOR UPDATE SKIP LOCKED)
UPDATE mail m SET lease_until = now() - interval '1 second' FROM held h
 WHERE m.account_id = h.account_id AND m.id = h.id
"""
_OPEN = "SELECT count(*) FROM mail WHERE account_id = $1 AND status IN ('QUEUED', 'SENDING')"
_ADDRESSES = "SELECT value FROM address WHERE account_id = $1"
_STATUSES = """
SELECT a.value, m.status FROM mail m
  JOIN message g ON g.account_id = m.account_id AND g.id = m.id
  JOIN contact_point p ON p.account_id = m.account_id AND p.contact_id = g.contact_id
  JOIN address a ON a.account_id = m.account_id AND a.id = p.address_id
 WHERE m.account_id = $1
"""


@dataclass
class Remembering(Server):
    """A mail server that keeps the bytes, and can be made to hold what it is told."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    hold_after: int = 1_000_000
    """From so many mails on it takes them, and says so only once it is let go."""
    deaf: bool = False
    """It does not answer to a greeting."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet, or say nothing."""
        if self.deaf:
            self.came.set()
            await self.answer.wait()
        return await super().handle_EHLO(_server, session, _envelope, hostname, responses)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take it."""
        self.taken.append((envelope.rcpt_tos[0], envelope.content))
        if len(self.taken) >= self.hold_after:
            self.came.set()
            await self.answer.wait()
        return "250 2.0.0 Taken"

    def go_on(self) -> None:
        """Hold nothing any more."""
        self.hold_after, self.deaf = 1_000_000, False
        self.answer.set()

    def twice(self) -> list[str]:
        """Who got more than one."""
        return [name for name, count in Counter(name for name, _ in self.taken).items() if count > 1]


async def audience(count: int) -> Actor:
    """An account with so many contacts, opted in."""
    actor = await account()
    await pool().execute(_PEOPLE, actor.account_id, count)
    await pool().execute("ANALYZE contact, contact_state, contact_point, address")
    return actor


async def broadcast(actor: Actor) -> Operation:
    """A broadcast to everybody, on its way."""
    template = await create_template(actor, "news", "News", WORDS)
    return await send_broadcast(actor, Broadcast(template.id, Selection(everyone=True)))


async def begun_again(actor: Actor, operation: Operation) -> None:
    """Have time pass in which a killed worker was silent; Valkey has forgotten everything."""
    await written_down()
    await pool().execute(_SILENT)
    await queue.drain()
    await queue.jobs().flushdb()
    queue.ring(queue.BULK, actor.account_id, operation.id)
    queue.ring(queue.STREAM, actor.account_id, operation.id)


async def ended(actor: Actor, operation: Operation, count: int) -> Report:
    """How it ended, once every contact has a message and none waits or is in a worker's hands."""
    async with asyncio.timeout(PATIENCE):
        while True:
            waiting = await pool().fetchval(_OPEN, actor.account_id)
            found = await broadcast_report(actor, operation.id)
            if sum(found.statuses.values()) == count and not waiting:
                return found
            await asyncio.sleep(0.05)


async def assert_told_truly(actor: Actor, server: Remembering) -> None:
    """Nobody got two; whom a row says SENT of got it, and whom nothing says anything of got nothing."""
    assert server.twice() == []
    rows = {row["value"]: row["status"] for row in await pool().fetch(_STATUSES, actor.account_id)}
    got = {name for name, _ in server.taken}
    assert {name for name, status in rows.items() if status == DeliveryStatus.SENT} <= got
    assert {rows.get(name) for name in got} <= {"SENT", "UNKNOWN"}


async def in_hand(actor: Actor) -> tuple[int, int]:
    """How many mails are claimed, and how many of them marked as handed over."""
    row = await pool().fetchrow(
        "SELECT count(*), count(handed_over_at) FROM mail WHERE account_id = $1 AND status = 'SENDING'",
        actor.account_id,
    )
    assert row is not None
    return row[0], row[1]


async def some_contact(actor: Actor) -> UUID:
    """One of them."""
    found: UUID = await pool().fetchval(
        "SELECT contact_id FROM contact_state WHERE account_id = $1 ORDER BY contact_id LIMIT 1", actor.account_id
    )
    return found

"""A broadcast to a mail server that takes everything, beside a bare loop of aiosmtplib that sends the same mails.

`python -m bench.messages [MESSAGES]`. Both use the same number of connections; the bare loop has its mails in memory,
asks nobody, and writes nothing down. It runs before and after the broadcast, and the mean counts.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

import aiosmtplib
from uuid_utils.compat import uuid7

from bench.bulk import actor_of, awake, finish
from bench.data import account
from bench.servers import connected, process, servers
from domain.contacts.selection import Selection
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.mail.compose import Mail, letter
from domain.mail.transport import Letter
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.journeys.words import Templates, filled_in
from domain.messages.templates import create_template
from domain.recipients.links import recipient_links
from domain.values import Channel

MESSAGES, BARE = 100_000, 20_000
_PARAGRAPH = "What is new this month, and why it may be worth a minute of your time.\n"
WORDS = Templates(
    "News for {{ first_name|default('you') }}",
    f"Hello {{{{ name }}}},\n\n{_PARAGRAPH * 15}\nChoose: {{{{ preferences }}}}\nLeave: {{{{ unsubscribe }}}}\n",
    f"<html><body><p>Hello {{{{ name }}}},</p>{f'<p>{_PARAGRAPH}</p>' * 15}"
    '<p><a href="{{ preferences }}">Choose</a> <a href="{{ unsubscribe }}">Leave</a></p></body></html>',
)
_OPTED_IN = """
UPDATE address SET consent = 'SINGLE_OPT_IN', deliverability = 'OK' WHERE account_id = $1 AND channel = 'EMAIL'
"""
_ACTIVE = "UPDATE contact_state SET lifecycle = 'ACTIVE' WHERE account_id = $1"
_LEFT = "SELECT count(*) FROM mail WHERE account_id = $1 AND status IN ('QUEUED', 'SENDING')"
_ENDS = "SELECT status, count(*) FROM mail WHERE account_id = $1 GROUP BY status"


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second: bare before and after, ours from the mutation on, and once all were in the outbox."""

    before: float
    ours: float
    after: float
    written: float

    @property
    def ratio(self) -> float:
        """Ours to the mean of the bare."""
        return self.ours / ((self.before + self.after) / 2)


@contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own; gives its port."""
    running = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE)
    try:
        assert running.stdout is not None
        yield int(running.stdout.readline())
    finally:
        running.terminate()
        running.wait(30)


async def rates(account_id: UUID, port: int, workers: int) -> Rates:
    """Measure the bare loop, the broadcast, and the bare loop again."""
    letters, connections = _letters(), settings().smtp_connections * workers
    before = await _bare(letters, port, connections)
    ours, written = await _ours(account_id)
    return Rates(before, ours, await _bare(letters, port, connections), written)


def _letters() -> list[Letter]:
    made, now = [], datetime.now(UTC)
    for number in range(1_000):
        links = recipient_links(uuid7(), uuid7(), Channel.EMAIL)
        values = {"account_name": "Bench", "postal_address": "", "first_name": f"First{number}", "topic": ""}
        values |= {"name": f"First{number} Last{number}", "last_name": f"Last{number}", "email": ""}
        values |= {"unsubscribe": links.unsubscribe, "preferences": links.preferences}
        said = filled_in(WORDS, values)
        headers = (
            ("List-Unsubscribe", f"{links.list_unsubscribe}"),
            ("List-Unsubscribe-Post", f"{links.list_unsubscribe_post}"),
        )
        mail = Mail(f"person{number}@example.com", "Bench", said.subject, said.text, said.html, headers=headers)
        made.append(letter(mail, uuid7(), now))
    return made


async def _bare(letters: list[Letter], port: int, connections: int) -> float:
    turns = iter(range(BARE))

    async def loop() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for turn in turns:
                one = letters[turn % len(letters)]
                await client.sendmail(one.sender, one.recipient, one.content)

    began = perf_counter()
    await asyncio.gather(*(loop() for _ in range(connections)))
    return BARE / (perf_counter() - began)


async def _ours(account_id: UUID) -> tuple[float, float]:
    actor = actor_of(account_id)
    template = await create_template(actor, "news", "News", WORDS)
    await pool().execute("CHECKPOINT")
    began = perf_counter()
    queued = await send_broadcast(actor, Broadcast(template.id, Selection(everyone=True)))
    done = await finish(actor, queued, 0.1)
    written, left = perf_counter(), await pool().fetchval(_LEFT, account_id)
    while await pool().fetchval(_LEFT, account_id):  # noqa: ASYNC110 - the workers are other processes
        await asyncio.sleep(0.5)  # to count takes the database a moment
    ended = perf_counter()
    assert done.changed > 0
    return done.changed / (ended - began), left / (ended - written)


@connected()
async def _main(messages: int, workers: int, port: int) -> None:
    async with pool().acquire() as connection:
        account_id = await account(connection, messages)
    # Everybody may be written to, so that only what is sent is measured. A bench's own account alone.
    await pool().execute(_OPTED_IN, account_id)
    await pool().execute(_ACTIVE, account_id)
    await pool().execute("VACUUM ANALYZE")
    await awake(workers)
    found = await rates(account_id, port, workers)
    print(f"A broadcast of {messages:,} by {workers} worker(s): ratio {found.ratio:.2f} (goal ≥ 0.7); ", end="")
    print(f"bare {found.before:,.0f} and {found.after:,.0f}/s, ours {found.ours:,.0f}/s from the mutation on, ", end="")
    print(f"{found.written:,.0f}/s once all were in the outbox")
    print({row["status"]: row["count"] for row in await pool().fetch(_ENDS, account_id)})


def main() -> None:
    """Measure."""
    messages, workers = (int(text) for text in (*sys.argv[1:3], *("100000", "1")[len(sys.argv) - 1 :]))
    with servers(), sink() as port:
        import os  # noqa: PLC0415

        os.environ["ASSENT_SMTP_URL"] = f"smtp://127.0.0.1:{port}?starttls=off"
        settings.cache_clear()
        from contextlib import ExitStack  # noqa: PLC0415

        with ExitStack() as stack:
            asyncio.run(_prepared())
            for _ in range(workers):
                stack.enter_context(process("-m", "cli.main", "worker"))
            asyncio.run(_main(messages, workers, port))


@connected()
async def _prepared() -> None:
    """The database migrated, before workers look at it."""


if __name__ == "__main__":
    main()

"""Send a template to a selection: a bulk operation that puts a message for each contact on record."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_selection, whom
from domain.bulk.work import Job, Tally, present, tallied
from domain.consent.change import Refusal
from domain.contacts import selection as selections
from domain.contacts.selection import Selection
from domain.contacts.send import Purpose, SendBlock
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra import queue
from domain.infra.db import Connection, pool
from domain.mail.batches import open_batch
from domain.mail.outbox import MailKind, queue_mail
from domain.messages.journeys.rules import code_of
from domain.messages.judged import judge_many
from domain.messages.templates import Template, template
from domain.values import Channel

_BATCH: Final = 5_000
_FASTEST: Final = 100_000
_LINES: Final = 2
"""So many jobs are woken to send a broadcast, for two workers."""
_LATE, _AHEAD = timedelta(minutes=1), timedelta(days=366)
_TOPIC: Final = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND id = $2)"
_INSERT: Final = """
INSERT INTO message (account_id, id, contact_id, template_id, purpose, topic_id, operation_id, actor, asked_at, status,
                     reasons, template_version)
SELECT $1, n.id, n.contact_id, $2, 'BROADCAST', $3, $4, $5, $6,
       (CASE WHEN n.reasons = '' THEN 'WAITING' ELSE 'REFUSED' END)::message_status,
       string_to_array(n.reasons, ',')::send_block[], $10
  FROM unnest($7::uuid[], $8::uuid[], $9::text[]) AS n(id, contact_id, reasons)
"""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What is to be sent to whom, about which topic (None: any)."""

    template_id: UUID
    selection: Selection
    topic_id: UUID | None = None
    expected_total: int | None = None
    idempotency_key: str | None = None
    send_at: datetime | None = None
    """Not before; None: at once. The selection is written down then, the words stand now."""
    per_second: int | None = None
    """At most so many messages a second; None: as fast as they go."""


@dataclass(frozen=True, slots=True)
class Audience:
    """How many would be sent a broadcast now; for the others, how many each reason holds for."""

    total: int
    allowed: int
    reasons: Mapping[SendBlock, int]


async def send_broadcast(actor: Actor, asked: Broadcast) -> Operation:
    """Put a broadcast on record (kind BROADCAST) and wake a worker.

    Raises DomainError: NOT_FOUND (template, topic), INVALID for a template that is not marketing, CONFLICT for another
    total than expected or the key, what the selection says,
    INVALID for a time that is past or more than a year ahead, and for a pace that is none.
    """
    selection = selections.to_json(asked.selection)
    given = {
        "template": str(asked.template_id),
        "topic": asked.topic_id and str(asked.topic_id),
        "selection": selection,
        "expected": asked.expected_total,
        "sendAt": asked.send_at and asked.send_at.astimezone(UTC).isoformat(),
        "per_second": asked.per_second,
    }

    async def check(now: datetime) -> Asked:
        _check_moment(asked.send_at, now)
        if asked.per_second is not None and not 1 <= asked.per_second <= _FASTEST:
            raise invalid(f"From 1 to {_FASTEST:,} messages a second.", "perSecond")
        chosen = await _checked(actor, asked)
        if asked.expected_total is not None and await selections.count(actor, asked.selection) != asked.expected_total:
            raise DomainError(ErrorCode.CONFLICT, "The selection holds another number by now.", "expectedTotal")
        words = f"Send “{chosen.name}”: {await whom(actor, asked.selection)}"
        change = {name: given[name] for name in ("template", "topic", "per_second")}
        change |= {"channel": chosen.channel, "version": chosen.version}
        return Asked(words, change, selection, starts_at=asked.send_at)

    return await start(actor, Wish(BulkKind.BROADCAST, given, asked.idempotency_key), check)


async def preview_broadcast(actor: Actor, asked: Broadcast) -> Audience:
    """Judge the whole selection as it stands now, writing nothing. Raises as `send_broadcast`."""
    channel = (await _checked(actor, asked)).channel
    chosen = selections.statement(actor, asked.selection)
    now = datetime.now(UTC)
    allowed, reasons = 0, Counter[SendBlock]()
    async with pool().acquire() as connection:
        ids = [row[0] for row in await connection.fetch(chosen.text, *chosen.parameters)]
        for begin in range(0, len(ids), _BATCH):
            some = ids[begin : begin + _BATCH]
            about = channel, Purpose.BROADCAST, asked.topic_id, now
            for one in (await judge_many(connection, actor.account_id, some, *about)).values():
                allowed += not one.reasons
                reasons.update(SendBlock(reason) for reason in one.reasons)
    return Audience(len(ids), allowed, reasons)


async def broadcast_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """A part: a message for each contact; those refused now are not put in the outbox, the others judged again."""
    topic_id = job.change["topic"] and UUID(job.change["topic"])
    about = Channel(job.change["channel"]), Purpose.BROADCAST, topic_id, job.now
    found = await present(connection, job.account_id, contact_ids)
    judged = await judge_many(connection, job.account_id, sorted(found), *about)
    ids = {contact_id: uuid7() for contact_id in judged}
    await connection.execute(
        _INSERT,
        job.account_id,
        UUID(job.change["template"]),
        topic_id,
        job.operation_id,
        job.actor,
        job.now,
        list(ids.values()),
        list(ids),
        [",".join(one.reasons) for one in judged.values()],
        job.change["version"],
    )
    goes = {contact_id for contact_id, one in judged.items() if not one.reasons}
    pairs = [(ids[key], ids[key]) for key in judged if key in goes]
    await open_batch(connection, job.account_id, job.operation_id, job.change.get("per_second"), job.now)
    await queue_mail(connection, job.account_id, MailKind.MESSAGE, pairs, job.now, job.operation_id)
    refusals = [
        Refusal(one.contact_id, one.address_id, code_of([SendBlock(reason) for reason in one.reasons]))
        for one in judged.values()
        if one.reasons
    ]
    # Rung inside the transaction: too early at worst, and then the sweep finds them.
    queue.ring(queue.STREAM, job.account_id, job.operation_id, token=str(job.number % _LINES))
    return tallied(contact_ids, found, goes, refusals)


def _check_moment(at: datetime | None, now: datetime) -> None:
    if at is None:
        return
    if at < now - _LATE:
        raise invalid("This moment is past; leave it out to send at once.", "sendAt")
    if at > now + _AHEAD:
        raise invalid("At most a year ahead.", "sendAt")


async def _checked(actor: Actor, asked: Broadcast) -> Template:
    await check_selection(actor, asked.selection)
    chosen = await template(actor, asked.template_id, "template")
    if not chosen.marketing:
        raise invalid("A broadcast is marketing: take a template with the link to leave.", "template")
    if asked.topic_id is not None and not await pool().fetchval(_TOPIC, actor.account_id, asked.topic_id):
        raise not_found("topic", "topic")
    return chosen

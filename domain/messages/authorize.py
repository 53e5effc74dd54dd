"""Whom may somebody send to who sends by other means? Asked for thousands at once, answered, and put on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.rules import Change, Request
from domain.contacts import rules
from domain.contacts.send import Purpose, SendBlock
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import Connection, pool, tx
from domain.messages.judged import Judged, judge_many, wakes
from domain.values import Channel, ConsentSource

MOST: Final = 10_000

_TOPIC: Final = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND id = $2)"
_KEY: Final = "SELECT address_key FROM account WHERE account_id = $1"
_BY_EXTERNAL_ID: Final = """
SELECT external_id AS key, id FROM contact WHERE account_id = $1 AND external_id = ANY ($2::text[])
"""
_BY_EMAIL: Final = """
SELECT a.hash AS key, p.contact_id AS id
  FROM address a JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id
 WHERE a.account_id = $1 AND a.channel = 'EMAIL' AND a.hash = ANY ($2::bytea[])
"""
# The larger tables are read by key however stale their statistics are.
_PLAN: Final = (
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)"
)
_RECORD: Final = """
WITH kept AS (
  INSERT INTO send_authorization (account_id, id, actor, purpose, channel, topic_id, asked, allowed, answered_at)
  VALUES ($1, $2, $3, $4::send_purpose, $5::channel, $6, $7, $8, $9)
)
INSERT INTO send_answer (account_id, authorization_id, contact_id, address_id, proof, activated, reasons)
SELECT $1, $2, n.contact_id, n.address_id, n.proof, n.activated, n.reasons::send_block[]
  FROM unnest($10::uuid[], $11::uuid[], $12::bigint[], $13::boolean[], $14::text[])
    AS n(contact_id, address_id, proof, activated, reasons)
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Whom somebody wants to send what; exactly one of the three lists."""

    purpose: Purpose
    channel: Channel
    topic_id: UUID | None = None
    ids: Sequence[UUID | None] | None = None
    """None: an id that is none of a contact."""
    emails: Sequence[str] | None = None
    external_ids: Sequence[str] | None = None

    @property
    def asked(self) -> int:
        """About how many."""
        return len(self.ids or self.emails or self.external_ids or ())


@dataclass(frozen=True, slots=True)
class Answer:
    """May this one be sent to, at which address, and if not, why not. `contact_id` None: nobody is known by it."""

    contact_id: UUID | None
    address: str | None
    reasons: Sequence[SendBlock]
    activated: bool = False
    proof: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Authorization:
    """The record of a question and its answers, in the order in which it was asked."""

    id: UUID
    answered_at: datetime
    answers: Sequence[Answer]


async def authorize_sends(actor: Actor, question: Question) -> Authorization:
    """Answer for each contact, activate whom the purpose wakes (source AUTOMATION), and keep a record.

    Judged as it stands at this moment: send at once, and to the address that was answered. Raises DomainError: INVALID
    for none or several lists, an empty one, TOO_LARGE for more than 10,000, NOT_FOUND for a topic.
    """
    _check(question)
    topic_id = question.topic_id
    if topic_id is not None and not await pool().fetchval(_TOPIC, actor.account_id, topic_id):
        raise not_found("topic", "topic")
    contacts = await _who(actor, question)
    known = sorted({contact_id for contact_id in contacts if contact_id is not None})
    now = datetime.now(UTC)
    async with tx() as connection:
        await connection.execute(_PLAN)
        judged, woken = await _judge(connection, actor, question, known, now)
        record_id = uuid7()
        await _keep(connection, actor, record_id, question, judged, woken, now)
    return Authorization(record_id, now, [_answer(contact_id, judged, woken) for contact_id in contacts])


async def _judge(
    connection: Connection, actor: Actor, question: Question, known: Sequence[UUID], now: datetime
) -> tuple[dict[UUID, Judged], set[UUID]]:
    """What stands, whoever had to be activated being locked and judged again."""
    about = question.channel, question.purpose, question.topic_id, now
    judged = await judge_many(connection, actor.account_id, known, *about)
    waking = [key for key, one in judged.items() if wakes(one, question.purpose)]
    if not waking:
        return judged, set()
    request = Request(Change.ACTIVATE, ConsentSource.AUTOMATION)
    context = Context(actor.account_id, actor.name, now)
    await change(connection, request, Targets(waking, tuple(Channel)), context)
    return judged | await judge_many(connection, actor.account_id, waking, *about), set(waking)


async def _keep(
    connection: Connection,
    actor: Actor,
    record_id: UUID,
    question: Question,
    judged: dict[UUID, Judged],
    woken: set[UUID],
    now: datetime,
) -> None:
    rows = list(judged.values())
    await connection.execute(
        _RECORD,
        actor.account_id,
        record_id,
        actor.name,
        question.purpose,
        question.channel,
        question.topic_id,
        question.asked,
        sum(not one.reasons for one in rows),
        now,
        [one.contact_id for one in rows],
        [one.address_id for one in rows],
        [one.proof for one in rows],
        [one.contact_id in woken for one in rows],
        ["{" + ",".join(one.reasons) + "}" for one in rows],
    )


def _answer(contact_id: UUID | None, judged: dict[UUID, Judged], woken: set[UUID]) -> Answer:
    one = judged.get(contact_id) if contact_id else None
    if one is None:
        return Answer(None, None, [SendBlock.UNKNOWN_CONTACT])
    reasons = [SendBlock(reason) for reason in one.reasons]
    return Answer(one.contact_id, one.value, reasons, one.contact_id in woken, one.proof)


def _check(question: Question) -> None:
    lists = [given for given in (question.ids, question.emails, question.external_ids) if given is not None]
    if len(lists) != 1:
        raise invalid("Name contacts in exactly one way.", "contacts")
    if not lists[0]:
        raise invalid("Name at least one contact.", "contacts")
    if len(lists[0]) > MOST:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST:,} contacts at once.", "contacts")


async def _who(actor: Actor, question: Question) -> list[UUID | None]:
    """Who is meant by each, in order; None: nobody."""
    if question.ids is not None:
        return list(question.ids)
    if question.external_ids is not None:
        keys: list[str | bytes | None] = [_storable(text) for text in question.external_ids]
        rows = await pool().fetch(_BY_EXTERNAL_ID, actor.account_id, [key for key in keys if key is not None])
    else:
        secret = await pool().fetchval(_KEY, actor.account_id)
        keys = [_hash(secret, text) for text in question.emails or ()]
        rows = await pool().fetch(_BY_EMAIL, actor.account_id, [key for key in keys if key is not None])
    found = {row["key"]: row["id"] for row in rows}
    return [found.get(key) for key in keys]


def _storable(text: str) -> str | None:
    known = rules.strip(text)
    return known if rules.storable(known) else None


def _hash(secret: bytes, text: str) -> bytes | None:
    try:
        return rules.address_hash(secret, Channel.EMAIL, rules.email(text))
    except DomainError:
        return None

"""Send again by hand what was missed: those whose gate is open now, once each, with who asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
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
from domain.contacts.selection import MOST_IDS, Selection
from domain.contacts.send import Purpose, SendBlock
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import Connection, pool
from domain.mail.outbox import MailKind, queue_mail
from domain.messages.journeys.missed import missed_by_ids
from domain.messages.journeys.rules import code_of
from domain.messages.judged import Judged, judge_many
from domain.values import Channel

_JOURNEY: Final = "SELECT EXISTS (SELECT FROM journey WHERE account_id = $1 AND id = $2)"
_TAKE: Final = """
SELECT e.id, e.contact_id, j.topic_id FROM journey_entry e JOIN journey j ON j.account_id = $1 AND j.id = e.journey_id
 WHERE e.account_id = $1 AND e.contact_id = ANY ($2::uuid[]) AND e.status = 'MISSED' AND e.expires_at > $3
   AND ($4::uuid IS NULL OR e.journey_id = $4) AND ($5::uuid[] IS NULL OR e.id = ANY ($5))
 ORDER BY e.id FOR NO KEY UPDATE OF e
"""
_AGAIN: Final = """
UPDATE journey_entry SET status = 'WAITING', resent_at = $3, resent_by = $4, operation_id = $5
 WHERE account_id = $1 AND id = ANY ($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Resend:
    """What is to be sent again: these missed messages, or those of a selection, of one journey or of all."""

    ids: Sequence[UUID] | None = None
    selection: Selection | None = None
    journey_id: UUID | None = None
    idempotency_key: str | None = None


async def resend_missed_messages(actor: Actor, asked: Resend) -> Operation:
    """Put on record that missed messages are to be sent again (kind RESEND) and wake a worker.

    Raises DomainError: INVALID unless exactly one of `ids` and `selection` is given, NOT_FOUND, TOO_LARGE, CONFLICT for
    the key, what the selection says.
    """
    given: dict[str, Any] = {
        "ids": asked.ids and [str(key) for key in asked.ids],
        "selection": asked.selection and selections.to_json(asked.selection),
        "journey": asked.journey_id and str(asked.journey_id),
    }

    async def check(_now: datetime) -> Asked:
        selection = await _selection(actor, asked)
        if asked.journey_id and not await pool().fetchval(_JOURNEY, actor.account_id, asked.journey_id):
            raise not_found("journey", "journey")
        words = f"Send missed messages again: {await whom(actor, selection)}"
        change = {"ids": given["ids"], "journey": given["journey"]}
        return Asked(words, change, selections.to_json(selection))

    return await start(actor, Wish(BulkKind.RESEND, given, asked.idempotency_key), check)


async def resend_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """A part: each contact's missed messages that have not expired; a gate still closed is a refusal."""
    only = None if job.change["ids"] is None else [UUID(key) for key in job.change["ids"]]
    journey_id = job.change["journey"] and UUID(job.change["journey"])
    rows = await connection.fetch(_TAKE, job.account_id, contact_ids, job.now, journey_id, only)
    goes: list[Any] = []
    refusals: list[Refusal] = []
    judged = await _judged(connection, job, rows)
    for row in rows:
        one = judged[row["topic_id"], row["contact_id"]]
        if one.reasons:
            code = code_of([SendBlock(reason) for reason in one.reasons])
            refusals.append(Refusal(row["contact_id"], one.address_id, code))
        else:
            goes.append(row)
    ids = [row["id"] for row in goes]
    await connection.execute(_AGAIN, job.account_id, ids, job.now, job.actor, job.operation_id)
    await queue_mail(connection, job.account_id, MailKind.JOURNEY, [(uuid7(), key) for key in ids], job.now)
    found = await present(connection, job.account_id, contact_ids)
    return tallied(contact_ids, found, {row["contact_id"] for row in goes}, refusals)


async def _judged(connection: Connection, job: Job, rows: Sequence[Any]) -> dict[tuple[UUID | None, UUID], Judged]:
    """How each contact stands, for each topic that its messages are about."""
    found: dict[tuple[UUID | None, UUID], Judged] = {}
    for topic_id in {row["topic_id"] for row in rows}:
        who = sorted({row["contact_id"] for row in rows if row["topic_id"] == topic_id})
        about = Channel.EMAIL, Purpose.JOURNEY, topic_id, job.now
        judged = await judge_many(connection, job.account_id, who, *about)
        found |= {(topic_id, contact_id): one for contact_id, one in judged.items()}
    return found


async def _selection(actor: Actor, asked: Resend) -> Selection:
    if (asked.ids is None) == (asked.selection is None):
        raise invalid("Name missed messages, or choose contacts.", "ids")
    if asked.selection is not None:
        await check_selection(actor, asked.selection)
        return asked.selection
    ids = list(asked.ids or ())
    if not ids:
        raise invalid("Name at least one missed message.", "ids")
    if len(ids) > MOST_IDS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_IDS:,} ids at once.", "ids")
    found = await missed_by_ids(actor, ids)
    for place, key in enumerate(ids):
        if key not in found:
            raise not_found("missed message", "ids", str(place))
    return Selection(ids=sorted({one.contact_id for one in found.values()}))

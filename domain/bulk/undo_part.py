"""A part of an undo: what the undone operation did to these contacts, reversed where it still stands."""

from collections.abc import Iterable
from uuid import UUID

from domain.bulk.values import BulkKind
from domain.bulk.work import Job, Tally, present, tallied
from domain.consent.change import Context, Refusal
from domain.consent.undo import undo_consent, undo_deliverability, undo_lifecycle
from domain.contacts.change_tags import undo_tags
from domain.contacts.switch_topics import lock
from domain.contacts.uncreate import uncreate
from domain.contacts.undo_topics import undo_topics
from domain.errors import ErrorCode
from domain.groups import members
from domain.infra.db import Connection
from domain.values import ConsentSource

_MOVED = """
SELECT DISTINCT contact_id FROM ledger WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) AND operation_id = $3
"""


async def undo_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Reverse, under one lock on the contacts and all their addresses, and say what was left alone and why."""
    undone, kind = UUID(job.change["operation"]), BulkKind(job.change["kind"])
    await lock(connection, job.account_id, contact_ids)
    found = await present(connection, job.account_id, contact_ids)
    here = sorted(found)
    refusals: list[Refusal] = []
    changed = set[UUID]()
    everything = kind is BulkKind.IMPORT
    if kind is BulkKind.CHANGE_STATUS or everything:
        refusals += await _status(connection, job, undone, here)
    if kind is BulkKind.CHANGE_TOPICS or everything:
        left = await undo_topics(connection, job.origin(ConsentSource.UNDO), undone, here)
        refusals += _refusals(left, ErrorCode.CONFLICT)
    if kind is BulkKind.CHANGE_TAGS or everything:
        tagged = await undo_tags(connection, job.origin(ConsentSource.UNDO), undone, here)
        refusals += [Refusal(contact_id, None, code) for contact_id, code in tagged.refused.items()]
    if kind is BulkKind.CHANGE_GROUP or everything:
        changed |= set(await members.undo(connection, job.account_id, undone, here))
    if everything:
        refusals += await _created(connection, job, undone, here)
    moved = await connection.fetch(_MOVED, job.account_id, here, job.operation_id)
    changed |= {row["contact_id"] for row in moved}
    return tallied(contact_ids, found, changed & found, refusals)


async def _status(connection: Connection, job: Job, undone: UUID, contact_ids: list[UUID]) -> list[Refusal]:
    context = Context(job.account_id, job.actor, job.now, operation_id=job.operation_id, undoes=undone)
    return [
        *await undo_consent(connection, context, contact_ids),
        *await undo_lifecycle(connection, context, contact_ids),
        *await undo_deliverability(connection, context, contact_ids),
    ]


async def _created(connection: Connection, job: Job, undone: UUID, contact_ids: list[UUID]) -> list[Refusal]:
    done = await uncreate(connection, job.origin(ConsentSource.UNDO), undone, contact_ids)
    return [*_refusals(done.touched, ErrorCode.CONFLICT), *_refusals(done.amended, ErrorCode.NOT_PERMITTED)]


def _refusals(contact_ids: Iterable[UUID], code: ErrorCode) -> list[Refusal]:
    return [Refusal(contact_id, None, code) for contact_id in contact_ids]

"""A part of a change of status: the door, and the contacts that it did not find."""

from uuid import UUID

from domain.bulk.rules import StatusChange
from domain.bulk.work import Job, Tally, with_gone
from domain.consent.change import Context, Targets, change
from domain.infra.db import Connection

_GONE = """
SELECT c.id FROM unnest($2::uuid[]) AS c(id)
 WHERE NOT EXISTS (SELECT FROM contact_state s WHERE s.account_id = $1 AND s.contact_id = c.id) ORDER BY c.id
"""


async def change_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Ask the door for these contacts; each change has its ledger entry, under the operation."""
    asked = StatusChange.from_json(job.change)
    context = Context(job.account_id, job.actor, job.now, evidence_id=job.evidence_id, operation_id=job.operation_id)
    outcome = await change(connection, asked.request(), Targets(contact_ids, asked.channels, asked.slots), context)
    tally = Tally(outcome.changed, outcome.unchanged, outcome.skipped, outcome.refusals)
    if outcome.found == len(contact_ids):
        return tally
    gone = await connection.fetch(_GONE, job.account_id, contact_ids)
    return with_gone(tally, [row["id"] for row in gone])

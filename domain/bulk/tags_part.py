"""A part of a change of tags."""

from uuid import UUID

from domain.bulk.work import Job, Tally, present, tallied
from domain.consent.change import Refusal
from domain.contacts import change_tags
from domain.infra.db import Connection


async def change_tags_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Add and remove the operation's tags. Skipped: LOCKED under STRICT, TOO_LARGE for over 100 tags."""
    add, remove = job.change["add"], job.change["remove"]
    done = await change_tags.change_tags(connection, job.origin(), contact_ids, add, remove)
    found = await present(connection, job.account_id, contact_ids)
    refusals = [Refusal(contact_id, None, code) for contact_id, code in done.refused.items()]
    return tallied(contact_ids, found, done.changed, refusals)

"""A part of an erasure."""

from uuid import UUID

from domain.bulk.work import Job, Tally, tallied
from domain.contacts.erase import erase
from domain.infra.db import Connection


async def erase_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Erase these contacts; whoever is gone already is skipped NOT_FOUND."""
    erased = await erase(connection, job.origin(), contact_ids)
    return tallied(contact_ids, erased, erased, [])

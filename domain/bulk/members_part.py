"""A part of a change of group: members added or removed."""

from uuid import UUID

from domain.bulk.work import Job, Tally, with_gone
from domain.errors import DomainError
from domain.groups.members import add, remove
from domain.infra.db import Connection

# Held until the commit, so that none of them is erased in between.
_FOUND = "SELECT id FROM contact WHERE account_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE"


async def change_members(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Add these contacts to the operation's group, or remove them. A group that is gone leaves all of them skipped."""
    rows = await connection.fetch(_FOUND, job.account_id, contact_ids)
    found = {row["id"] for row in rows}
    verb = add if job.change["add"] else remove
    try:
        changed = await verb(connection, job.account_id, UUID(job.change["group"]), contact_ids, job.operation_id)
    except DomainError:
        return with_gone(Tally(0, 0, {}), contact_ids)
    gone = [contact_id for contact_id in contact_ids if contact_id not in found]
    return with_gone(Tally(len(changed), len(found) - len(changed), {}), gone)

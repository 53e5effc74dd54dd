"""A part of a change of topics."""

from uuid import UUID

from domain.bulk.work import Job, Tally, present, tallied
from domain.contacts.switch_topics import lock, switch_all
from domain.infra.db import Connection


async def change_topics_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Switch the operation's topics; nobody is refused."""
    topics = {UUID(topic_id): subscribed for topic_id, subscribed in job.change["topics"].items()}
    await lock(connection, job.account_id, contact_ids)
    changed = await switch_all(connection, job.origin(), contact_ids, topics)
    found = await present(connection, job.account_id, contact_ids)
    return tallied(contact_ids, found, changed, [])

"""Enter contacts into an occasion of a journey: once each, whoever says so how often."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.infra import queue
from domain.infra.db import Connection
from domain.mail.outbox import MailKind, queue_mail

_ENTER: Final = """
INSERT INTO journey_entry (account_id, id, journey_id, contact_id, occasion, entered_at)
SELECT $1, uuidv7(), {journey}::uuid, n.id, {occasion}::text, {now}::timestamptz FROM ({whom}) AS n(id) ORDER BY n.id
ON CONFLICT (account_id, journey_id, contact_id, occasion) DO NOTHING
RETURNING id
"""


async def enter(
    connection: Connection, journey_id: UUID, occasion: str, now: datetime, whom: str, parameters: list[Any]
) -> int:
    """Enter the contacts that a statement selects (one column, `$1` the account); answers how many were new to it.

    An entry and its mail are written together: whoever is entered has one in the outbox, and nobody two.
    """
    first = len(parameters) + 1
    text = _ENTER.format(journey=f"${first}", occasion=f"${first + 1}", now=f"${first + 2}", whom=whom)
    # Prepared for this one run, so that it is planned for its own values.
    statement = await connection.prepare(text)
    rows = await statement.fetch(*parameters, journey_id, occasion, now)
    if rows:
        pairs = [(uuid7(), row["id"]) for row in rows]
        await queue_mail(connection, parameters[0], MailKind.JOURNEY, pairs, now)
    return len(rows)


def ring(account_id: UUID) -> None:
    """Have a worker look at an account's mail. To be called after the commit."""
    queue.ring(queue.MAIL, account_id, account_id, token="due")  # noqa: S106 - of a job, no secret

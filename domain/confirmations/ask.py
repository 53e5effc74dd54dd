"""Ask addresses to confirm: the request, its ledger entry and its mail, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.confirmations.standings import Addressee
from domain.infra import queue
from domain.infra.db import Connection
from domain.ledger.append import Entry, Origin, append
from domain.mail.outbox import MailKind, queue_mail
from domain.values import Channel, ConsentAction

_REQUEST = """
INSERT INTO confirmation (account_id, id, address_id, source, actor, language, requested_at, topics, phones,
                          evidence_id)
SELECT $1, n.id, n.address_id, $2::consent_source, $3, $4, $5, $6, $7, $8
  FROM unnest($9::uuid[], $10::uuid[]) AS n(id, address_id)
"""
_SHOWN = "UPDATE address SET confirmation_requested_at = $2 WHERE account_id = $1 AND id = ANY ($3::uuid[])"
_JOIN = """
UPDATE confirmation c SET
       topics = ARRAY(SELECT DISTINCT t FROM unnest(c.topics || $3::uuid[]) AS t),
       phones = ARRAY(SELECT DISTINCT p FROM unnest(c.phones || $4::uuid[]) AS p)
 WHERE c.account_id = $1 AND c.id = (
   SELECT id FROM confirmation WHERE account_id = $1 AND address_id = $2 AND confirmed_at IS NULL
    ORDER BY requested_at DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Along:
    """What else the one press is for: topics that it switches on, phone numbers that it gives permission to."""

    topics: Sequence[UUID] = ()
    phones: Sequence[UUID] = ()
    language: str | None = None


async def ask(
    connection: Connection, origin: Origin, addressees: Sequence[Addressee], along: Along | None = None
) -> list[int]:
    """Ask addresses, which are locked and may be asked; answers the positions of their ledger entries."""
    if not addressees:
        return []
    given = along or Along()
    ids, addresses = [uuid7() for _ in addressees], [one.address_id for one in addressees]
    await connection.execute(
        _REQUEST,
        origin.account_id,
        origin.source,
        origin.actor,
        given.language,
        origin.now,
        list(given.topics),
        list(given.phones),
        origin.evidence_id,
        ids,
        addresses,
    )
    mails = [(uuid7(), confirmation_id) for confirmation_id in ids]
    await queue_mail(connection, origin.account_id, MailKind.CONFIRMATION, mails, origin.now)
    await connection.execute(_SHOWN, origin.account_id, origin.now, addresses)
    entries = [
        Entry(ConsentAction.CONFIRMATION_REQUESTED, one.contact_id, one.address_id, Channel.EMAIL) for one in addressees
    ]
    return await append(connection, origin, entries)


async def join(connection: Connection, account_id: UUID, address_id: UUID, along: Along) -> None:
    """Have the mail that is on its way to an address speak for this wish as well."""
    await connection.execute(_JOIN, account_id, address_id, list(along.topics), list(along.phones))


def ring(account_id: UUID) -> None:
    """Have a worker look at an account's mail. To be called after the commit."""
    queue.ring(queue.MAIL, account_id, account_id, token="due")  # noqa: S106 - of a job, no secret

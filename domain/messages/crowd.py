"""A broadcast's messages, some at a time: judged and put together under the locks of their contacts.

Whoever opts out takes the same lock, so nobody gets a message put together after their opt-out was committed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from domain.contacts.send import Purpose
from domain.infra.db import Connection
from domain.infra.log import logger
from domain.mail.compose import Mail
from domain.mail.group import Composed
from domain.mail.sms.text import Text
from domain.messages.judged import Judged, judge_many
from domain.messages.message import LOCK, READ, words_of
from domain.values import Channel

_WHO: Final = "SELECT contact_id FROM message WHERE account_id = $1 AND id = ANY ($2::uuid[])"
_END: Final = """
UPDATE message m SET status = n.status::message_status, address_id = n.address_id,
       reasons = string_to_array(n.reasons, ',')::send_block[]
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) AS n(id, status, reasons, address_id)
 WHERE m.account_id = $1 AND m.id = n.id
"""
_DOMAINS: Final = """
SELECT m.id, lower(split_part(a.value, '@', -1)) AS domain FROM message m
  JOIN contact_point p ON p.account_id = $1 AND p.contact_id = m.contact_id AND p.channel = 'EMAIL' AND p.slot = 1
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE m.account_id = $1 AND m.id = ANY ($2::uuid[])
"""

log = logger(__name__)


async def compose_many(connection: Connection, account_id: UUID, message_ids: Sequence[UUID]) -> Composed:
    """What the messages say; dropped are those of the erased, of a canceled broadcast, and of whom the gate is closed.

    The locks are held until the caller's transaction ends: 100 at most, so that whoever opts out hardly waits.
    """
    ids = list(message_ids)
    contacts = [row["contact_id"] for row in await connection.fetch(_WHO, account_id, ids)]
    await connection.execute(LOCK, account_id, contacts, [Channel.EMAIL, Channel.SMS])
    rows = {row["id"]: row for row in await connection.fetch(READ, account_id, ids)}
    judged = await _judged(connection, account_id, [row for row in rows.values() if not row["canceled"]])
    await _end(connection, account_id, rows, judged)
    open_ids = [key for key, one in judged.items() if not one.reasons]
    said = {key: made for key in open_ids if (made := _words(account_id, rows[key], judged[key]))}
    return Composed(said, frozenset(ids) - frozenset(open_ids))


async def domains(connection: Connection, account_id: UUID, message_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The domains of the addresses that messages are to go to, as things stand."""
    return {row["id"]: row["domain"] for row in await connection.fetch(_DOMAINS, account_id, list(message_ids))}


async def _judged(connection: Connection, account_id: UUID, rows: Sequence[Any]) -> dict[UUID, Judged]:
    """The messages of a broadcast are all about one topic; several are judged one after the other."""
    about: dict[tuple[Channel, Purpose, UUID | None], dict[UUID, UUID]] = defaultdict(dict)
    for row in rows:
        about[Channel(row["channel"]), Purpose(row["purpose"]), row["topic_id"]][row["contact_id"]] = row["id"]
    now = datetime.now(UTC)
    found: dict[UUID, Judged] = {}
    for (channel, purpose, topic_id), ids in about.items():
        answers = await judge_many(connection, account_id, list(ids), channel, purpose, topic_id, now)
        found |= {ids[contact_id]: answer for contact_id, answer in answers.items()}
    return found


async def _end(
    connection: Connection, account_id: UUID, rows: Mapping[UUID, Any], judged: Mapping[UUID, Judged]
) -> None:
    ends = [
        (key, "REFUSED" if one.reasons else "HANDED_ON", ",".join(one.reasons), one.address_id)
        for key, one in judged.items()
    ]
    ends += [(key, "CANCELED", "", None) for key, row in rows.items() if row["canceled"]]
    if ends:
        await connection.execute(_END, account_id, *map(list, zip(*ends, strict=True)))


def _words(account_id: UUID, row: Any, judged: Judged) -> Mail | Text | None:
    try:
        return words_of(account_id, row, judged)
    except Exception:  # whatever it is, the other messages go
        log.exception("a message could not be put together", message=str(row["id"]))
        return None

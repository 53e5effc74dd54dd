"""Send one person a message about what they did themselves: an order's receipt."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk.start import MAX_KEY
from domain.contacts.queries import Lookup, find
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra import queue
from domain.infra.db import Connection, tx
from domain.mail.outbox import MailKind, queue_mail
from domain.messages.templates import Template, field_value, template

_INSERT: Final = """
INSERT INTO message (account_id, id, contact_id, template_id, purpose, actor, data, asked_at, idempotency_key,
                     input_hash, template_version)
VALUES ($1, $2, $3, $4, 'TRANSACTIONAL', $5, $6::jsonb, $7, $8, $9, $10)
ON CONFLICT (account_id, idempotency_key) DO NOTHING RETURNING id
"""
_BEFORE: Final = "SELECT id, input_hash FROM message WHERE account_id = $1 AND idempotency_key = $2"


async def send_transactional(
    actor: Actor, lookup: Lookup, template_id: UUID, data: Mapping[str, object], key: str | None = None
) -> UUID:
    """Put a message in the outbox; answers its id. It is judged when it goes, and wakes an archived contact.

    The same key and the same contact, template and data give the same message back. Raises DomainError: NOT_FOUND,
    INVALID for a marketing template, data that is not the template's fields, or a bad key; CONFLICT for the key.
    """
    if key is not None and (not key or len(key) > MAX_KEY or "\x00" in key):
        raise invalid(f"An idempotency key has 1 to {MAX_KEY} characters.", "idempotencyKey")
    chosen = await template(actor, template_id, "template")
    if chosen.marketing:
        raise invalid("This template is marketing; take one that is not.", "template")
    _check_data(chosen, data)
    contact = await find(actor, lookup)
    if contact is None:
        raise not_found("contact", "contact")
    given = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(contact.id.bytes + template_id.bytes + given).digest()
    now, message_id = datetime.now(UTC), uuid7()
    words = given.decode()
    row = actor.account_id, message_id, contact.id, template_id, actor.name, words, now, key, digest, chosen.version
    async with tx() as connection:
        if await connection.fetchval(_INSERT, *row) is None:
            return await _before(connection, actor, str(key), digest)
        await queue_mail(connection, actor.account_id, MailKind.MESSAGE, [(message_id, message_id)], now)
    queue.ring(queue.MAIL, actor.account_id, actor.account_id, token="due")  # noqa: S106 - of a job, no secret
    return message_id


async def _before(connection: Connection, actor: Actor, key: str, digest: bytes) -> UUID:
    row = await connection.fetchrow(_BEFORE, actor.account_id, key)
    if row is None or row["input_hash"] != digest:
        message = "This idempotency key was used for another request; take a new one."
        raise DomainError(ErrorCode.CONFLICT, message, "idempotencyKey")
    return UUID(str(row["id"]))


def _check_data(chosen: Template, data: Mapping[str, object]) -> None:
    if set(data) != set(chosen.fields):
        raise invalid(f"Bring exactly the template's fields: {', '.join(chosen.fields) or 'none'}.", "data")
    for name, value in data.items():
        field_value(name, value)

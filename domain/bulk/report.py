"""What did not go as asked, as a spreadsheet: a line for each refusal, also while the operation runs."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from uuid import UUID

from domain.actor import Actor
from domain.bulk.queries import operation
from domain.bulk.words import words
from domain.errors import ErrorCode
from domain.infra.db import pool

HEADER = ("contact", "address", "channel", "code", "words")
_BATCH = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_REFUSALS = """
SELECT r.id, r.contact_id, a.value, a.channel, r.code
  FROM bulk_refusal r
  LEFT JOIN address a ON a.account_id = $1 AND a.id = r.address_id
 WHERE r.account_id = $1 AND r.operation_id = $2 AND r.id > $3
 ORDER BY r.id LIMIT $4
"""


async def report(actor: Actor, operation_id: UUID, name_contact: Callable[[UUID], str] = str) -> AsyncIterator[str]:
    """CSV text in batches: contact, address, channel, code, words; the header alone when nothing was refused.

    `name_contact` spells a contact's id as the API does. The address of an erased person is empty. A cell that a
    spreadsheet would take for a formula is led by an apostrophe (OWASP, CSV Injection).
    """
    yield _csv([HEADER])
    found, last = await operation(actor, operation_id), 0
    said = words(found.kind) if found else {}
    while rows := await pool().fetch(_REFUSALS, actor.account_id, operation_id, last, _BATCH):
        last = rows[-1]["id"]
        yield _csv(
            [
                (name_contact(contact_id), value or "", channel or "", code, said.get(ErrorCode(code), ""))
                for _, contact_id, value, channel, code in rows
            ]
        )


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_safe(cell) for cell in row] for row in rows])
    return text.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

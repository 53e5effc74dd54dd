"""What did not go as asked, as a spreadsheet: a line for each refusal, also while the operation runs."""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.bulk.queries import operation
from domain.bulk.values import BulkKind
from domain.bulk.words import words
from domain.errors import ErrorCode
from domain.infra.db import pool

HEADER = ("contact", "address", "channel", "code", "words")
LINES = ("line", "column", "value", "code", "words")
"""The header for operations on a file."""
_OF_FILES: Final = frozenset({BulkKind.IMPORT, BulkKind.SUPPRESS})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BATCH = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_REFUSALS = """
SELECT r.id, r.contact_id, a.value, a.channel, r.code
  FROM bulk_refusal r
  LEFT JOIN address a ON a.account_id = $1 AND a.id = r.address_id
 WHERE r.account_id = $1 AND r.operation_id = $2 AND r.id > $3
 ORDER BY r.id LIMIT $4
"""
_LINES = """
SELECT r.id, r.line, r.column_name, r.value, r.code, r.words FROM bulk_refusal r
 WHERE r.account_id = $1 AND r.operation_id = $2 AND r.id > $3
 ORDER BY r.id LIMIT $4
"""


async def report(actor: Actor, operation_id: UUID, name_contact: Callable[[UUID], str] = str) -> AsyncIterator[str]:
    """CSV text in batches: contact, address, channel, code, words; the header alone when nothing was refused.

    Of a file: line, column, value as given, code, words.

    `name_contact` spells a contact's id as the API does. The address of an erased person is empty. A cell that a
    spreadsheet would take for a formula is led by an apostrophe (OWASP, CSV Injection).
    """
    found, last = await operation(actor, operation_id), 0
    of_file = found is not None and found.kind in _OF_FILES
    said = words(found.kind) if found else {}
    yield _csv([LINES if of_file else HEADER])
    text = _LINES if of_file else _REFUSALS
    while rows := await pool().fetch(text, actor.account_id, operation_id, last, _BATCH):
        last = rows[-1]["id"]
        yield _csv(_of_lines(rows, name_contact) if of_file else _of_contacts(rows, name_contact, said))


def _of_contacts(
    rows: Iterable[Any], name_contact: Callable[[UUID], str], said: dict[ErrorCode, str]
) -> list[tuple[str, ...]]:
    return [
        (name_contact(contact_id), value or "", channel or "", code, said.get(ErrorCode(code), ""))
        for _, contact_id, value, channel, code in rows
    ]


def _of_lines(rows: Iterable[Any], name_contact: Callable[[UUID], str]) -> list[tuple[str, ...]]:
    def spelled(text: str) -> str:
        return _ID.sub(lambda found: name_contact(UUID(found[0])), text)

    return [
        (str(line or ""), column or "", value or "", code, spelled(text or ""))
        for _, line, column, value, code, text in rows
    ]


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_safe(cell) for cell in row] for row in rows])
    return text.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

"""Erase a selection of contacts."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.contacts.selection import Selection, to_json


@dataclass(frozen=True, slots=True)
class BulkErasure:
    """What a person asks for, as in `BulkEraseInput`: the selection, and how many contacts they were shown."""

    selection: Selection
    expected_total: int
    idempotency_key: str | None = None


async def bulk_erase(actor: Actor, asked: BulkErasure) -> Operation:
    """Put an erasure on record. There is no way back, so the selection's exact size must be known to whoever asks.

    Raises DomainError: CONFLICT when `expected_total` is not that size or the key came with another input, INVALID
    for a selection of nobody, what the selection says.
    """

    async def check(_now: datetime) -> Asked:
        await check_selection(actor, asked.selection, asked.expected_total)
        await check_anyone(actor, asked.selection)
        words = f"Erase: {await whom(actor, asked.selection)}"
        return Asked(words, {"expected_total": asked.expected_total}, to_json(asked.selection))

    given = {"selection": to_json(asked.selection), "expected_total": asked.expected_total}
    return await start(actor, Wish(BulkKind.ERASE, given, asked.idempotency_key), check)

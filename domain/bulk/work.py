"""What a part of each kind of operation does. A part is a few thousand contacts in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.consent.change import Refusal
from domain.errors import ErrorCode
from domain.infra.db import Connection


@dataclass(frozen=True, slots=True)
class Job:
    """The operation that a part belongs to, as its row says."""

    account_id: UUID
    operation_id: UUID
    actor: str
    now: datetime
    change: Mapping[str, Any]
    evidence_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a part's contacts: changed + unchanged + skipped is how many it has."""

    changed: int
    unchanged: int
    skipped: dict[ErrorCode, int]
    refusals: list[Refusal] = field(default_factory=list)


class Work(Protocol):
    """Does a part inside the caller's transaction, for contacts of which some may be gone meanwhile."""

    async def __call__(self, connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
        """Do it, and say what became of each contact."""


def with_gone(tally: Tally, gone: list[UUID]) -> Tally:
    """The tally with the contacts that no longer exist, skipped NOT_FOUND."""
    if not gone:
        return tally
    code = ErrorCode.NOT_FOUND
    skipped = tally.skipped | {code: tally.skipped.get(code, 0) + len(gone)}
    refusals = [*tally.refusals, *(Refusal(contact_id, None, code) for contact_id in gone)]
    return Tally(tally.changed, tally.unchanged, skipped, refusals)

"""What a part of each kind of operation does. A part is a few thousand contacts in one transaction."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.bulk.lines import Line
from domain.consent.change import Refusal
from domain.consent.rules import CHECK_ORDER
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.ledger.append import Origin
from domain.values import ConsentSource

_PRESENT = "SELECT contact_id FROM contact_state WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"


@dataclass(frozen=True, slots=True)
class Job:
    """The operation that a part belongs to, as its row says."""

    account_id: UUID
    operation_id: UUID
    actor: str
    now: datetime
    change: Mapping[str, Any]
    evidence_id: UUID | None = None
    number: int = 0
    """Which part of it, from 0."""

    def origin(self, source: ConsentSource = ConsentSource.BULK) -> Origin:
        """Where the ledger entries of its parts come from."""
        return Origin(self.account_id, self.actor, source, self.now, self.operation_id, self.evidence_id)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a part's contacts, or rows: changed + unchanged + skipped + failed is how many it has."""

    changed: int
    unchanged: int
    skipped: dict[ErrorCode, int]
    refusals: list[Refusal] = field(default_factory=list)
    failed: dict[ErrorCode, int] = field(default_factory=dict)
    """Rows of a file that could not be used."""
    counts: dict[str, int] = field(default_factory=dict)
    """Figures that an import tells besides."""
    lines: list[Line] = field(default_factory=list)
    """What the report says of rows of a file."""


class Work(Protocol):
    """Does a part inside the caller's transaction, for contacts of which some may be gone meanwhile."""

    async def __call__(self, connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
        """Do it, and say what became of each contact."""


async def present(connection: Connection, account_id: UUID, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the contacts that still exist."""
    return {row["contact_id"] for row in await connection.fetch(_PRESENT, account_id, list(contact_ids))}


def tallied(
    contact_ids: Sequence[UUID], found: Collection[UUID], changed: Collection[UUID], refusals: list[Refusal]
) -> Tally:
    """What became of each contact: gone, changed, refused (under the first code in the order of checks), or none."""
    gone = [contact_id for contact_id in contact_ids if contact_id not in found]
    first: dict[UUID, ErrorCode] = {}
    for refused in sorted(refusals, key=lambda refused: CHECK_ORDER.index(refused.code), reverse=True):
        first[refused.contact_id] = refused.code
    skipped = Counter(code for contact_id, code in first.items() if contact_id in found and contact_id not in changed)
    unchanged = len(found) - len(changed) - skipped.total()
    return with_gone(Tally(len(changed), unchanged, dict(skipped), refusals), gone)


def with_gone(tally: Tally, gone: list[UUID]) -> Tally:
    """The tally with the contacts that no longer exist, skipped NOT_FOUND."""
    if not gone:
        return tally
    code = ErrorCode.NOT_FOUND
    skipped = tally.skipped | {code: tally.skipped.get(code, 0) + len(gone)}
    refusals = [*tally.refusals, *(Refusal(contact_id, None, code) for contact_id in gone)]
    return Tally(tally.changed, tally.unchanged, skipped, refusals)

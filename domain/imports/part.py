"""What the steps of merging a part share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.bulk.lines import Line
from domain.bulk.work import Job
from domain.errors import ErrorCode
from domain.imports.plan import ImportPlan
from domain.infra.db import Connection
from domain.ledger.append import Origin
from domain.values import ConsentSource, OptOutPolicy


@dataclass(slots=True)
class Part:
    """A part under way: rows `first` up to `end` of `table`. Contacts are matched in the temporary table `merging`."""

    connection: Connection
    job: Job
    plan: ImportPlan
    table: str
    first: int
    end: int
    groups: Sequence[UUID]
    policy: OptOutPolicy = OptOutPolicy.WITH_EVIDENCE
    changed: set[UUID] = field(default_factory=set)
    """Contacts that were there before and differ now."""
    attached: set[tuple[UUID, UUID]] = field(default_factory=set)
    """Contacts and addresses that came together in this part, of contacts that were there before."""
    refused: dict[int, list[tuple[ErrorCode, str | None, str | None]]] = field(default_factory=dict)
    """By row: the code, the field it is about, and its value."""
    counts: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def account_id(self) -> UUID:
        """The account."""
        return self.job.account_id

    @property
    def origin(self) -> Origin:
        """Where ledger entries come from."""
        job = self.job
        return Origin(job.account_id, job.actor, ConsentSource.IMPORT, job.now, job.operation_id, job.evidence_id)

    def refuse(self, n: int, code: ErrorCode, slot: str | None = None, value: str | None = None) -> None:
        """Something of a row that was not done."""
        self.refused.setdefault(n, []).append((code, slot, value))

    def count(self, what: str, how_many: int) -> None:
        """Add to a figure of the operation."""
        if how_many:
            self.counts[what] = self.counts.get(what, 0) + how_many

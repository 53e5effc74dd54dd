"""An operation as it stands: what the API shows and the subscription forwards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from domain.bulk.values import FINISHED, BulkKind, OperationStatus
from domain.consent.rules import CHECK_ORDER
from domain.errors import ErrorCode

COLUMNS = """o.id, o.kind, o.status, o.summary, o.actor, o.total, o.changed, o.unchanged, o.skipped, o.failed,
       o.outcomes, o.counts, o.cancel_requested, o.error, o.created_at, o.starts_at, o.started_at,
       o.finished_at"""


_NAMES = [name.strip().removeprefix("o.") for name in COLUMNS.split(",")]


@dataclass(frozen=True, slots=True)
class Operation:
    """A snapshot of one operation. `total` is None until its selection has been written down."""

    id: UUID
    kind: BulkKind
    status: OperationStatus
    summary: str
    actor: str
    total: int | None
    changed: int
    unchanged: int
    skipped: int
    failed: int
    outcomes: dict[ErrorCode, int]
    counts: dict[str, int]
    """What an import came to besides: created, updated, opted_in, …"""
    cancel_requested: bool
    error: str | None
    created_at: datetime
    starts_at: datetime | None
    """Not before; None: at once."""
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def processed(self) -> int:
        """How many contacts have been visited."""
        return self.changed + self.unchanged + self.skipped + self.failed

    @property
    def progress(self) -> float:
        """From 0 to 1; 1 when it is completed, whatever the total."""
        if self.status is OperationStatus.COMPLETED:
            return 1.0
        return self.processed / self.total if self.total else 0.0

    @property
    def finished(self) -> bool:
        """Whether it has ended: nothing about it will change, unless a failed one is resumed by hand."""
        return self.status in FINISHED


def operation_of(row: Any) -> Operation:
    """The snapshot of a row of COLUMNS."""
    counts = {ErrorCode(code): n for code, n in orjson.loads(row["outcomes"]).items()}
    outcomes = {code: counts[code] for code in sorted(counts, key=_place)}
    values = {name: row[name] for name in _NAMES} | {
        "kind": BulkKind(row["kind"]),
        "status": OperationStatus(row["status"]),
        "outcomes": outcomes,
        "counts": orjson.loads(row["counts"]),
    }
    return Operation(**values)


def _place(code: ErrorCode) -> tuple[int, str]:
    """In the order of the checks, as a preview has them; what no check refuses comes last."""
    return CHECK_ORDER.index(code) if code in CHECK_ORDER else len(CHECK_ORDER), code

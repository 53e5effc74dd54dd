"""What a change of status would do, counted exactly, with nothing changed."""

from dataclasses import dataclass

from domain.actor import Actor
from domain.bulk.change_status import BulkChange
from domain.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Preview:
    """Counts of contacts: total = changed + unchanged + skipped, and `outcomes` says why they would be skipped."""

    total: int
    changed: int
    unchanged: int
    skipped: int
    outcomes: dict[ErrorCode, int]


async def preview(actor: Actor, change: BulkChange) -> Preview:
    """Run the door's own decisions over the selection, reading only.

    Raises what `bulk_change_status` would, but counts an empty selection as 0 and does not look at the key.
    """
    raise NotImplementedError

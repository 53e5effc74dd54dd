"""What a single change answers with."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Receipt:
    """The contact that was changed and the ledger entries made, in order; none when nothing changed."""

    contact_id: UUID
    positions: list[int] = field(default_factory=list)

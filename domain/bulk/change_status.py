"""Change the status of all: the contacts of a selection, however many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.rules import StatusChange, chosen_slots, summary
from domain.bulk.start import Asked, start
from domain.bulk.values import BulkKind, BulkStatus
from domain.consent.evidence import Evidence, proof
from domain.consent.single import check_targets
from domain.consent.words import refusal
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode, invalid
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What a person asks for, as in `BulkChangeStatusInput`. `slots` None: the default of the status."""

    selection: Selection
    status: BulkStatus
    channels: Sequence[Channel] = (Channel.EMAIL,)
    slots: Sequence[int] | None = None
    evidence: Evidence | None = None
    include_archived: bool = False
    expected_total: int | None = None
    idempotency_key: str | None = None


async def bulk_change_status(actor: Actor, change: BulkChange) -> Operation:
    """Put a change of status on record and wake a worker; the answer waits for neither Redis nor the work.

    The same key and input give the same operation back before any other check. Raises DomainError or Refusals:
    CONFLICT (the key came with another input; `expected_total` is not the selection's size), EVIDENCE_REQUIRED,
    INVALID (bad selection, nobody in it, bad channels, slots or evidence), NOT_FOUND and TOO_LARGE as the
    selection says.
    """
    raise NotImplementedError

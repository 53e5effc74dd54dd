"""Change the status of all: the contacts of a selection, however many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.rules import StatusChange, chosen_slots, summary
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind, BulkStatus
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.consent.evidence import Evidence, proof
from domain.consent.single import check_targets
from domain.consent.words import refusal
from domain.contacts.selection import Selection, to_json
from domain.errors import ErrorCode, invalid
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

    The same key and input give the same operation back before any other check. Raises DomainError: CONFLICT (the
    key came with another input; `expected_total` is not the selection's size), EVIDENCE_REQUIRED, INVALID (bad
    selection, nobody in it, bad channels, slots or evidence), NOT_FOUND and TOO_LARGE as the selection says.
    """

    async def check(now: datetime) -> Asked:
        asked = checked(change, now)
        await check_selection(actor, change.selection, change.expected_total)
        await check_anyone(actor, change.selection)
        words = summary(asked, await whom(actor, change.selection))
        return Asked(words, asked.to_json(), to_json(change.selection), change.evidence)

    return await start(actor, Wish(BulkKind.CHANGE_STATUS, _given(change), change.idempotency_key), check)


def checked(change: BulkChange, now: datetime) -> StatusChange:
    """The change in the door's terms. Raises DomainError for whatever is wrong with it but its selection."""
    check_targets(change.channels, change.slots)
    if change.include_archived and change.status is not BulkStatus.OPTED_OUT:
        raise invalid("Archived contacts can be included in an opt-out alone.", "includeArchived")
    if change.status is BulkStatus.OPTED_IN and change.evidence is None:
        raise refusal(ErrorCode.EVIDENCE_REQUIRED)
    if change.evidence is not None:
        change.evidence.check(now)
    channels = tuple(channel for channel in Channel if channel in change.channels)
    slots = chosen_slots(change.status, change.slots)
    return StatusChange(change.status, channels, slots, change.include_archived, proof(change.evidence))


def _given(change: BulkChange) -> dict[str, Any]:
    return {
        "selection": to_json(change.selection),
        "status": change.status,
        "channels": sorted(change.channels),
        "slots": change.slots and sorted(change.slots),
        "evidence": change.evidence and asdict(change.evidence),
        "include_archived": change.include_archived,
        "expected_total": change.expected_total,
    }

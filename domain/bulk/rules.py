"""What each bulk status asks of the door, of which addresses, and how a summary says it (rules.md, "Status of all")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from domain.bulk.values import BulkStatus
from domain.consent.rules import Change, Proof, Request
from domain.values import Channel, ConsentSource

MAX_ATTEMPTS: Final = 5
"""So many starts without a part finished, and an operation is FAILED."""
MAX_PART, MIN_PART, PARTS = 2_000, 500, 20
"""A part holds so many contacts at most: that bounds how long another writer waits. A small selection is cut finer,
into about so many parts, so that progress is seen and workers can share it."""

_CHANGES: Final = {
    BulkStatus.OPTED_IN: Change.OPT_IN,
    BulkStatus.OPTED_OUT: Change.OPT_OUT,
    BulkStatus.ARCHIVED: Change.ARCHIVE,
    BulkStatus.ACTIVE: Change.REINSTATE,
    BulkStatus.ERROR: Change.MARK_ERROR,
}
_WORDS: Final = {
    BulkStatus.OPTED_IN: "Opt in",
    BulkStatus.OPTED_OUT: "Opt out",
    BulkStatus.ARCHIVED: "Archive",
    BulkStatus.ACTIVE: "Activate and clear delivery errors",
    BulkStatus.ERROR: "Mark undeliverable",
}


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What is done to each contact of a status operation; kept in its row as JSON."""

    status: BulkStatus
    channels: tuple[Channel, ...]
    slots: tuple[int, ...] | None
    include_archived: bool
    proof: Proof

    def request(self) -> Request:
        """What the door is asked."""
        return Request(
            _CHANGES[self.status], ConsentSource.BULK, proof=self.proof, include_archived=self.include_archived
        )

    def to_json(self) -> dict[str, Any]:
        """As kept in the operation's row."""
        return {
            "status": self.status,
            "channels": self.channels,
            "slots": self.slots,
            "include_archived": self.include_archived,
            "proof": self.proof,
        }

    @classmethod
    def from_json(cls, change: Mapping[str, Any]) -> Self:
        """As read from the operation's row."""
        slots = change["slots"]
        return cls(
            BulkStatus(change["status"]),
            tuple(Channel(channel) for channel in change["channels"]),
            None if slots is None else tuple(slots),
            change["include_archived"],
            Proof(change["proof"]),
        )


def chosen_slots(status: BulkStatus, slots: Sequence[int] | None) -> tuple[int, ...] | None:
    """The email slots to change: the primary for OPTED_IN and all (None) for the others, unless some are named."""
    if slots is not None:
        return tuple(sorted(set(slots)))
    return (1,) if status is BulkStatus.OPTED_IN else None


def summary(change: StatusChange, whom: str) -> str:
    """An operation in words: what, of which addresses, to whom."""
    words = f"{_WORDS[change.status]}: {whom}"
    if change.status is BulkStatus.ARCHIVED:
        return words
    where = ", ".join(_channel(channel, change.slots) for channel in change.channels)
    return f"{words} ({where}{'; archived contacts too' if change.include_archived else ''})"


def _channel(channel: Channel, slots: tuple[int, ...] | None) -> str:
    if channel is not Channel.EMAIL:
        return {Channel.SMS: "SMS", Channel.CALL: "calls", Channel.POST: "post"}[channel]
    if slots is None:
        return "every email"
    return "email" if slots == (1,) else f"email {' and '.join(map(str, slots))}"

"""What may be done to a contact now, and why not: what an Actions menu needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.contacts.rows import ContactRow, PointRow
from domain.errors import ErrorCode
from domain.values import Channel, OptOutPolicy


class ActionKind(StrEnum):
    """What an Actions menu offers."""

    OPT_IN = "OPT_IN"
    OPT_OUT = "OPT_OUT"
    ARCHIVE = "ARCHIVE"
    ACTIVATE = "ACTIVATE"
    MARK_ERROR = "MARK_ERROR"
    CLEAR_ERROR = "CLEAR_ERROR"
    EDIT = "EDIT"
    REQUEST_DOUBLE_OPT_IN = "REQUEST_DOUBLE_OPT_IN"
    ERASE = "ERASE"


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """One entry of the menu. `enabled`: the mutation would not be refused; `effective`: it would change something."""

    kind: ActionKind
    enabled: bool
    effective: bool
    code: ErrorCode | None
    message: str | None
    requires_confirmation: bool
    requires_evidence: bool


def available_actions(
    contact: ContactRow, points: Sequence[PointRow], policy: OptOutPolicy, channel: Channel = Channel.EMAIL
) -> list[AvailableAction]:
    """Every kind of action, in the order of ActionKind, as the mutations with their defaults would answer."""
    raise NotImplementedError

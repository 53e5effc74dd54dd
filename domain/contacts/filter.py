"""Which contacts: the contract's ContactFilterInput as a tree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import DomainError, ErrorCode
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle


class OptStatus(StrEnum):
    """Whether the channel's primary address is opted in. OPTED_OUT: it is not, for whatever reason."""

    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Every condition that is named must hold; None: not named. Lists mean any of these; empty, none.

    `channel` left out is the enclosing filter's, else EMAIL; the channel's primary address is judged.
    """

    status: OptStatus | None = None
    channel: Channel | None = None
    search: str | None = None
    consent: Sequence[ConsentStatus] | None = None
    deliverability: Deliverability | None = None
    subscribed: bool | None = None
    topic: UUID | None = None
    lifecycle: Lifecycle | None = None
    contact_type: Sequence[str] | None = None
    group: UUID | None = None
    tag: str | None = None
    imported_by: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    and_: Sequence["ContactFilter"] | None = None
    or_: Sequence["ContactFilter"] | None = None
    not_: "ContactFilter | None" = None


MOST_NODES, MOST_LEVELS, MOST_VALUES = 100, 10, 100


def measure(where: ContactFilter) -> None:
    """Raise DomainError TOO_LARGE (field `filter`) for a filter too deep or too large to be worth running."""
    pairs = [(where, 1)]
    for node, level in pairs:
        pairs.extend((child, level + 1) for child in children(node))
        long = any(values and len(values) > MOST_VALUES for values in (node.consent, node.contact_type))
        if level > MOST_LEVELS or len(pairs) > MOST_NODES or long:
            limits = f"{MOST_NODES} parts, {MOST_LEVELS} levels and {MOST_VALUES} values in a list"
            raise DomainError(ErrorCode.TOO_LARGE, f"A filter has at most {limits}.", "filter")


def children(node: ContactFilter) -> list[ContactFilter]:
    """The filters directly inside this one."""
    return [*(node.and_ or ()), *(node.or_ or ()), *([node.not_] if node.not_ else ())]


def nodes(where: ContactFilter) -> Iterator[ContactFilter]:
    """The filter and every one inside it."""
    yield where
    for child in children(where):
        yield from nodes(child)

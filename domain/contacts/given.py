"""What a request says about a contact, read by the account's rules: details, and addresses for its slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import asyncpg

from domain.contacts import rules
from domain.contacts.addresses import Held, Wanted
from domain.contacts.gathered import Gathered
from domain.errors import DomainError, ErrorCode
from domain.infra.db import Connection
from domain.values import Channel

MOST_POINTS = 20

_ACCOUNT = "SELECT address_key, contact_types, default_country FROM account WHERE account_id = $1"
_EXTERNAL_ID = """
SELECT EXISTS (SELECT FROM contact WHERE account_id = $1 AND external_id = $2 AND id IS DISTINCT FROM $3::uuid)
"""

Slot = tuple[Channel, int]


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What of the account decides how a contact's details are read."""

    address_key: bytes
    contact_types: Sequence[str]
    default_country: str | None


class GivenPoint(Protocol):
    """A slot and what to put there."""

    @property
    def channel(self) -> Channel:
        """The channel."""

    @property
    def slot(self) -> int:
        """The slot's number."""

    @property
    def value(self) -> str | None:
        """The address as it was given; None takes it off."""


async def read_account(connection: Connection, account_id: UUID) -> AccountFacts:
    """The account's part in reading a contact."""
    row = await connection.fetchrow(_ACCOUNT, account_id)
    assert row is not None
    return AccountFacts(**row)


def read_points(
    gathered: Gathered, account: AccountFacts, given: Sequence[GivenPoint]
) -> dict[Slot, tuple[str, Wanted | None]]:
    """Each slot with the place of the point in the request, for refusals, and the address that it is to rest on."""
    if len(given) > MOST_POINTS:
        gathered.refuse(DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_POINTS} points.", "points"))
        return {}
    slots: dict[Slot, tuple[str, Wanted | None]] = {}
    for place, point in enumerate(given):
        _read_point(gathered, account, point, str(place), slots)
    return slots


def _read_point(
    gathered: Gathered,
    account: AccountFacts,
    point: GivenPoint,
    place: str,
    slots: dict[Slot, tuple[str, Wanted | None]],
) -> None:
    if gathered.take(lambda: rules.slot(point.channel, point.slot, "points", place, "slot")) is None:
        return
    if (point.channel, point.slot) in slots:
        gathered.refuse(DomainError(ErrorCode.DUPLICATE, "This slot is named twice.", "points", place, "slot"))
        return
    wanted = None if point.value is None else _wanted(gathered, account, point.channel, point.value, place)
    if wanted is None and point.value is not None:
        return
    if wanted and any(other and other.hash == wanted.hash for _, other in slots.values()):
        gathered.refuse(DomainError(ErrorCode.DUPLICATE, "This address is named twice.", "points", place, "value"))
    slots[point.channel, point.slot] = (place, wanted)


def _wanted(gathered: Gathered, account: AccountFacts, channel: Channel, value: str, place: str) -> Wanted | None:
    country = account.default_country
    kept = gathered.take(lambda: rules.address(channel, value, country, "points", place, "value"))
    return Wanted(channel, kept, rules.address_hash(account.address_key, channel, kept)) if kept else None


def refuse_taken(
    gathered: Gathered,
    slots: dict[Slot, tuple[str, Wanted | None]],
    held: dict[Wanted, Held],
    contact_id: UUID | None = None,
) -> None:
    """Refuse each email that belongs to another contact. The addresses must be locked."""
    for place, wanted in slots.values():
        holder = held[wanted].holder if wanted else None
        if holder is not None and holder != contact_id:
            message = "This email address belongs to another contact."
            gathered.refuse(DomainError(ErrorCode.TAKEN, message, "points", place, "value"))


async def refuse_taken_id(
    gathered: Gathered,
    connection: Connection,
    account_id: UUID,
    external_id: str | None,
    contact_id: UUID | None = None,
) -> None:
    """Refuse an external id that another contact has."""
    if external_id and await connection.fetchval(_EXTERNAL_ID, account_id, external_id, contact_id):
        gathered.refuse(_taken_id())


def taken(error: asyncpg.UniqueViolationError) -> Exception:
    """What a unique index says of a race that was lost, in our words; what is no such race stays as it is."""
    return _taken_id() if error.constraint_name == "contact_external_id" else error


def _taken_id() -> DomainError:
    return DomainError(ErrorCode.TAKEN, "Another contact has this external id.", "externalId")

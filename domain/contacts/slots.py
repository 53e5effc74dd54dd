"""Which address each of a contact's slots rests on, and what it takes to change that."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.contacts.addresses import Held, Placed, Wanted, attach, hold, write_values
from domain.contacts.counts import enter, leave
from domain.contacts.gathered import Gathered
from domain.contacts.given import Slot, refuse_taken
from domain.contacts.queries import points_of
from domain.contacts.rows import PointRow
from domain.errors import DomainError, ErrorCode
from domain.infra.db import Connection
from domain.ledger.append import Entry
from domain.values import Channel, ConsentAction

_DETACH = "DELETE FROM contact_point WHERE account_id = $1 AND contact_id = $2 AND address_id = ANY ($3::uuid[])"


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A contact's slots as they stand, under lock, and as they are to be."""

    before: Sequence[PointRow]
    after: dict[Slot, Placed]
    held: dict[Wanted, Held]

    @property
    def leaving(self) -> list[PointRow]:
        """The points whose slot is emptied, or rests on another address afterwards."""
        return [point for point in self.before if not _stays(point, self.after.get((point.channel, point.slot)))]

    @property
    def coming(self) -> list[Placed]:
        """The addresses that a slot did not rest on before."""
        slots = {(point.channel, point.slot): point for point in self.before}
        return [placed for slot, placed in self.after.items() if not _stays(slots.get(slot), placed)]

    @property
    def rewritten(self) -> bool:
        """Whether an address that stays is written differently, such as `Anna@` for `anna@`."""
        values = {point.address_id: point.value for point in self.before}
        return any(values.get(placed.address_id, placed.value) != placed.value for placed in self.after.values())

    def entries(self, contact_id: UUID) -> list[Entry]:
        """Ledger entries for the addresses that the contact no longer has, then for those that it did not have."""
        had = {point.address_id: point.channel for point in self.before}
        has = {placed.address_id: placed.channel for placed in self.after.values()}
        return [
            Entry(action, contact_id, address_id, channel)
            for action, addresses, others in (
                (ConsentAction.ADDRESS_REMOVED, had, has),
                (ConsentAction.ADDRESS_ADDED, has, had),
            )
            for address_id, channel in addresses.items()
            if address_id not in others
        ]


async def plan_slots(
    gathered: Gathered,
    connection: Connection,
    account_id: UUID,
    contact_id: UUID,
    given: dict[Slot, tuple[str, Wanted | None]],
) -> SlotPlan:
    """Lock the contact's addresses and the new ones, and work out what its slots are to be.

    The contact must be locked. Gathers TAKEN and DUPLICATE (fields `points.N.value`).
    """
    held_now = [point.address_id for point in await points_of(connection, account_id, contact_id)]
    held = await hold(connection, account_id, [wanted for _, wanted in given.values() if wanted], held_now)
    before = await points_of(connection, account_id, contact_id)
    refuse_taken(gathered, given, held, contact_id)
    after = {(p.channel, p.slot): Placed(p.channel, p.slot, p.value, p.address_id) for p in before}
    for (channel, number), (_, wanted) in given.items():
        after.pop((channel, number), None)
        if wanted:
            after[channel, number] = _placed(channel, number, wanted, held[wanted])
    _refuse_twice(gathered, given, after)
    return SlotPlan(before, after, held)


async def move_slots(connection: Connection, account_id: UUID, contact_id: UUID, plan: SlotPlan) -> None:
    """Carry the plan out; the counts follow."""
    leaving, coming = plan.leaving, plan.coming
    counted = 1 in {*(point.slot for point in leaving), *(placed.slot for placed in coming)}
    if counted:
        await leave(connection, account_id, [contact_id])
    if leaving:
        await connection.execute(_DETACH, account_id, contact_id, [point.address_id for point in leaving])
    await write_values(connection, account_id, plan.held)
    if coming:
        await attach(connection, account_id, contact_id, coming)
    if counted:
        await enter(connection, account_id, [contact_id])


def _placed(channel: Channel, number: int, wanted: Wanted, held: Held) -> Placed:
    # An email is written as its owner writes it now; a shared address as whoever brought it did.
    value = wanted.value if channel is Channel.EMAIL else held.value or wanted.value
    return Placed(channel, number, value, held.id)


def _stays(point: PointRow | None, placed: Placed | None) -> bool:
    return point is not None and placed is not None and point.address_id == placed.address_id


def _refuse_twice(gathered: Gathered, given: dict[Slot, tuple[str, Wanted | None]], after: dict[Slot, Placed]) -> None:
    """Refuse an address that another slot, not named in the request, rests on already."""
    unnamed = {placed.address_id for slot, placed in after.items() if slot not in given}
    for slot, (place, wanted) in given.items():
        if wanted and after[slot].address_id in unnamed:
            message = "Another slot of the contact has this address."
            gathered.refuse(DomainError(ErrorCode.DUPLICATE, message, "points", place, "value"))

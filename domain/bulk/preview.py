"""What a change of status would do, counted exactly, with nothing changed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.actor import Actor
from domain.bulk.change_status import BulkChange, checked
from domain.bulk.whom import check_selection
from domain.consent import preview as door
from domain.consent.change import Context
from domain.contacts.selection import statement
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
    now = datetime.now(UTC)
    asked = checked(change, now)
    await check_selection(actor, change.selection, change.expected_total)
    selected = statement(actor, change.selection)
    contacts = door.Query(selected.text, selected.parameters)
    context = Context(actor.account_id, actor.name, now)
    seen = await door.preview(asked.request(), contacts, asked.channels, asked.slots, context)
    return Preview(seen.found, seen.changed, seen.unchanged, sum(seen.skipped.values()), seen.skipped)

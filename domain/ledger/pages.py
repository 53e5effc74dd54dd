"""Pages of the ledger, from either end: all of it as a feed, or one contact's history."""

from collections.abc import Sequence
from uuid import UUID

from domain.actor import Actor
from domain.ledger.events import Event, feed, history
from domain.ledger.horizon import final_position
from domain.values import ConsentAction
from domain.window import Page, Window


async def feed_page(
    actor: Actor, window: Window[int], actions: Sequence[ConsentAction] | None = None, contact_id: UUID | None = None
) -> Page[Event]:
    """Entries in order, by position, from either end: only those below which nothing can appear any more.

    Raises DomainError INVALID for a bad window.
    """
    most, end = window.size() + 1, await final_position()
    upto = end if window.before is None else min(end, window.before - 1)
    found = await feed(actor, most, window.after or 0, actions, contact_id, upto, latest=window.backward)
    return window.page(found)


async def history_page(actor: Actor, contact_id: UUID, window: Window[int]) -> Page[Event]:
    """A contact's entries, newest first, by position. Raises DomainError INVALID for a bad window."""
    most, since = window.size() + 1, window.before or 0
    found = await history(actor, contact_id, most, window.after, since, oldest=window.backward)
    return window.page(found)

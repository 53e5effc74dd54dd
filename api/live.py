"""The ledger as it grows: the subscription `consentEvents`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final
from uuid import UUID

import strawberry

from api.context import Info
from api.feed import Actions, ConsentEvent, OfContact, position_of, wrapped_events
from api.fields import subscription
from api.relay import required
from domain.actor import Actor
from domain.ledger.events import Event, feed
from domain.ledger.horizon import final_position
from domain.values import ConsentAction

_BATCH: Final = 250
_PAUSE: Final = 0.3
"""Seconds between looks at a ledger that has not grown."""


async def _followed(
    actor: Actor,
    after: int | None,
    until: int | None,
    actions: Sequence[ConsentAction] | None,
    contact_id: UUID | None,
) -> AsyncIterator[list[Event]]:
    """Entries after a position (None: from now on) as they become final, in order, none missed and none twice.

    Ends with the last one up to `until` (None: never).
    """
    seen = await final_position() if after is None else after
    while until is None or seen < until:
        end = await final_position()
        end = end if until is None else min(end, until)
        rows = await feed(actor, _BATCH, seen, actions, contact_id, end) if end > seen else []
        if rows:
            yield rows
        # A full batch may not be all there is; else everything up to the end has been looked at.
        seen = rows[-1].position if len(rows) == _BATCH else max(seen, end)
        if len(rows) < _BATCH:
            await asyncio.sleep(_PAUSE)


@strawberry.type
class FeedSubscription:
    """What can be followed."""

    @subscription(
        "Every ledger entry. With `after`, first what was missed since that position, then live: no gap, no repeat. "
        "With `until`, it completes once everything up to that position was sent."
    )
    async def consent_events(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="Begin after this position; with the next entry when left out.")
        ] = None,
        until: Annotated[
            str | None, strawberry.argument(description="End after this position; never when left out.")
        ] = None,
        actions: Actions = None,
        contact: OfContact = None,
    ) -> AsyncIterator[ConsentEvent]:
        """Follow the ledger."""
        only = required("Contact", contact, "contact") if contact is not None else None
        start = position_of(after) if after is not None else None
        end = position_of(until, "until") if until is not None else None
        async for rows in _followed(info.context.actor, start, end, actions, only):
            for event in await wrapped_events(info, rows):
                yield event

"""The ledger as it grows: the subscriptions `consentEvents` and `contactChanges`."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Final, TypeAlias, cast
from uuid import UUID

import strawberry

from api.changes import ContactChange, wrapped_changes
from api.context import Info
from api.feed import Actions, ConsentEvent, OfContact, position_of, wrapped_events
from api.fields import subscription
from api.relay import required
from domain.actor import Actor
from domain.ledger.changes import changes
from domain.ledger.events import Event, feed
from domain.ledger.tail import follow, growth
from domain.values import ConsentAction

_BATCH: Final = 250
From: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Begin after this position; with the next entry when left out.")
]
Until: TypeAlias = Annotated[
    str | None, strawberry.argument(description="End after this position; never when left out.")
]


async def _all(
    actor: Actor, after: int | None, until: int | None, actions: Collection[ConsentAction] | None
) -> AsyncIterator[Any]:
    async with aclosing(cast(Any, follow(actor, after, until))) as batches:
        async for batch in batches:
            yield batch if actions is None else [event for event in batch if event.action in actions]


async def _of_contact(
    actor: Actor, after: int | None, until: int | None, actions: Sequence[ConsentAction] | None, contact_id: UUID
) -> AsyncIterator[list[Event]]:
    async with aclosing(cast(Any, growth(actor, after, until))) as stretches:
        async for begin, end in stretches:
            seen = begin
            while rows := await feed(actor, _BATCH, seen, actions, contact_id, end):
                yield rows
                seen = rows[-1].position


def _stretch(after: str | None, until: str | None) -> tuple[int | None, int | None]:
    return (
        position_of(after) if after is not None else None,
        position_of(until, "until") if until is not None else None,
    )


@strawberry.type
class FeedSubscription:
    """What can be followed."""

    @subscription(
        "Every ledger entry. With `after`, first what was missed since that position, then live: no gap, no repeat. "
        "With `until`, it completes once everything up to that position was sent."
    )
    async def consent_events(
        self, info: Info, after: From = None, until: Until = None, actions: Actions = None, contact: OfContact = None
    ) -> AsyncIterator[ConsentEvent]:
        """Follow the ledger."""
        only = required("Contact", contact, "contact") if contact is not None else None
        stretch = _stretch(after, until)
        actor = info.context.actor
        source = _all(actor, *stretch, actions) if only is None else _of_contact(actor, *stretch, actions, only)
        async with aclosing(cast(Any, source)) as batches:
            async for rows in batches:
                for event in await wrapped_events(info, rows):
                    yield event

    @subscription(
        "Contacts that changed, as they now stand: in the order of their latest entries, each once however often it "
        "changed meanwhile. With `after`, first what was missed since that position, then live: no change is missed; "
        "after a reconnect a contact may come again. With `until`, it completes there."
    )
    async def contact_changes(
        self, info: Info, after: From = None, until: Until = None
    ) -> AsyncIterator[ContactChange]:
        """Follow the contacts."""
        actor = info.context.actor
        async with aclosing(cast(Any, growth(actor, *_stretch(after, until)))) as stretches:
            async for begin, end in stretches:
                seen = begin
                while seen < end:
                    page = await changes(actor, _BATCH, seen, end)
                    for change in await wrapped_changes(info, page.changes):
                        yield change
                    seen = page.upto

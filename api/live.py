"""The ledger as it grows: the subscriptions `consentEvents` and `contactChanges`."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Final, TypeAlias, cast
from uuid import UUID

import strawberry

from api.changes import ContactChange, change_place, wrapped_changes
from api.context import Info
from api.feed import Actions, ConsentEvent, OfContact, position_of, wrapped_events
from api.fields import subscription
from api.relay import required
from api.shared import Burst
from domain.ledger.changes import changes
from domain.ledger.events import feed
from domain.ledger.tail import growth, pages
from domain.values import ConsentAction

_BATCH: Final = 250
From: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Begin after this position; with the next entry when left out.")
]
Until: TypeAlias = Annotated[
    str | None, strawberry.argument(description="End after this position; never when left out.")
]


async def _all(
    info: Info, after: int | None, until: int | None, actions: Collection[ConsentAction] | None
) -> AsyncIterator[Burst]:
    async with aclosing(cast(Any, pages(info.context.actor, after, until))) as following:
        async for page in following:
            events = page.events if actions is None else [event for event in page.events if event.action in actions]
            if events:
                yield Burst(partial(wrapped_events, info, events), page.shared)


async def _of_contact(
    info: Info, after: int | None, until: int | None, actions: Sequence[ConsentAction] | None, contact_id: UUID
) -> AsyncIterator[Burst]:
    actor = info.context.actor
    async with aclosing(cast(Any, growth(actor, after, until))) as stretches:
        async for begin, end in stretches:
            seen = begin
            while rows := await feed(actor, _BATCH, seen, actions, contact_id, end):
                yield Burst(partial(wrapped_events, info, rows))
                seen = rows[-1].position


def _stretch(after: str | None, until: str | None) -> tuple[int | None, int | None]:
    return (
        _resumed(after) if after is not None else None,
        position_of(until, "until") if until is not None else None,
    )


def _resumed(after: str) -> int:
    """The position to go on after: with a cursor from among those who changed at once, all of them come again."""
    position, among = change_place(after, "after")
    return position - 1 if among else position


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
        source = _all(info, *stretch, actions) if only is None else _of_contact(info, *stretch, actions, only)
        async with aclosing(cast(Any, source)) as bursts:
            async for burst in bursts:
                yield burst

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
                    if page.changes:
                        yield cast(Any, Burst(partial(wrapped_changes, info, page.changes)))
                    seen = page.upto

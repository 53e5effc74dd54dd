"""Reading contacts: one, a page of them, the cards above the list."""

from functools import partial
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from api.batch import Relation
from api.contacts.filters import ContactFilterInput, ContactLookupInput, ContactOrderInput, where
from api.contacts.page import wrapped
from api.contacts.summary import ContactSummary
from api.contacts.types import Contact, OfChannel
from api.context import Info
from api.fields import query
from api.relay import After, Before, First, Last, PageInfo, cursor, page_info, read_cursor, window
from domain.contacts import pages, queries
from domain.contacts.filter import ContactFilter
from domain.contacts.pages import Order, Place
from domain.contacts.summary import summary
from domain.errors import invalid
from domain.values import Channel
from domain.window import Window, no_place

Filter: TypeAlias = Annotated[ContactFilterInput | None, strawberry.argument(description="Those that it matches.")]
Search: TypeAlias = Annotated[str | None, strawberry.argument(description="Any part of a name, email or phone number.")]
OrderBy: TypeAlias = Annotated[
    ContactOrderInput | None, strawberry.argument(description="The order; newest first when left out.")
]


@strawberry.type(description="A contact in a page.")
class ContactEdge:
    """An edge."""

    node: Contact = strawberry.field(description="The contact.")
    cursor: str = strawberry.field(description="Pass it as `after` or `before`, with the same `orderBy`.")


@strawberry.type(description="A page of contacts. Pages go by key: stable when contacts come and go.")
class ContactConnection:
    """A page."""

    count: strawberry.Private["Relation[str, int]"]
    edges: list[ContactEdge] = strawberry.field(description="The contacts with their cursors.")
    nodes: list[Contact] = strawberry.field(description="The contacts.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")

    @strawberry.field(description="How many match altogether, exactly. Counted only when asked for.")
    def total_count(self) -> int:
        """The number of contacts in the list."""
        return self.count.read(lambda known: known["total"])


async def page(
    info: Info, asked: Window[Place], order: Order | None, filter_: ContactFilter | None, search: str | None = None
) -> ContactConnection:
    """A page as clients see it."""
    actor = info.context.actor
    found = await pages.page(actor, asked, order, filter_, search)

    async def total() -> dict[str, int]:
        return {"total": await pages.total(actor, filter_, search)}

    nodes = await wrapped(info, found.contacts)
    by = (order or Order()).field.value
    cursors = [cursor(by, place.key, str(place.id)) for place in found.places]
    return ContactConnection(
        count=Relation(total),
        edges=[ContactEdge(node=node, cursor=at) for node, at in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=page_info(found, cursors),
    )


async def members(
    info: Info, group: UUID, asked: Window[Place], narrowed: ContactFilterInput | None
) -> ContactConnection:
    """A page of a group's contacts, newest first."""
    inside = ContactFilter(group=group)
    filter_ = ContactFilter(and_=[inside, narrowed.read("filter")]) if narrowed else inside
    return await page(info, asked, None, filter_)


def place(order: Order | None, text: str, field: str) -> Place:
    """The place in a cursor of this order. Raises DomainError INVALID."""
    by, key, contact_id = read_cursor(text, str, str, str, field=field)
    try:
        found = Place(key, UUID(contact_id))
    except ValueError:
        raise no_place(field) from None
    if by != (order or Order()).field.value:
        raise invalid("This cursor comes from a list in another order.", field)
    return found


@strawberry.type
class ContactQuery:
    """What can be read."""

    @query("One contact; null when there is none.")
    async def contact(
        self,
        info: Info,
        by: Annotated[ContactLookupInput, strawberry.argument(description="How to find them.")],
    ) -> Contact | None:
        """Look one up."""
        row = await queries.find(info.context.actor, by.read())
        return (await wrapped(info, [row]))[0] if row else None

    @query("The contacts, a page at a time, forwards or backwards.")
    async def contacts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
        filter: Filter = None,  # noqa: A002 - the argument's name in the API
        order_by: OrderBy = None,
    ) -> ContactConnection | None:
        """A page of contacts."""
        order = order_by.read() if order_by else None
        asked = window(first, after, last, before, partial(place, order))
        return await page(info, asked, order, where(filter), search)

    @query("The cards above the list: how many contacts stand where, exactly.")
    async def contact_summary(
        self,
        info: Info,
        channel: OfChannel = Channel.EMAIL,
        filter: Filter = None,  # noqa: A002 - the argument's name in the API
    ) -> ContactSummary | None:
        """Counts."""
        return ContactSummary.of(await summary(info.context.actor, channel, where(filter)))

"""Contacts that changed, as they now stand: `contactChanges`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from api.batch import Relation, ahead
from api.contacts.page import wrapped_by_id
from api.context import Info
from api.feed import position_of
from api.fields import query
from api.relay import After, Before, First, Last, PageInfo, global_id, page_info, window
from domain.ledger import changes as ledger
from domain.window import no_place

if TYPE_CHECKING:
    from api.contacts.types import Contact


@strawberry.type(description="A contact that changed, as it now stands.")
class ContactChange:
    """A change."""

    key: strawberry.Private[UUID]
    contacts: strawberry.Private["Relation[UUID, Contact]"]
    contact_id: strawberry.ID = strawberry.field(description="The contact's id, also once it is erased.")
    position: str = strawberry.field(
        description="Whoever goes on after this position of the ledger misses nothing. Never falls within a stream."
    )

    @query("The contact as it now stands; null after they were erased.")
    def contact(self) -> Annotated["Contact", strawberry.lazy("api.contacts.types")] | None:
        """The contact."""
        return self.contacts.read(lambda contacts: contacts.get(self.key))


@strawberry.type(description="A contact that changed, in a page.")
class ContactChangeEdge:
    """An edge."""

    node: ContactChange = strawberry.field(description="The change.")
    cursor: str = strawberry.field(
        description="Its position; with something behind it where several changed at once, so that none is missed."
    )


@strawberry.type(description="A page of contacts that changed.")
class ContactChangeConnection:
    """A page."""

    edges: list[ContactChangeEdge] = strawberry.field(description="The changes with their cursors.")
    nodes: list[ContactChange] = strawberry.field(description="The changes.")
    page_info: PageInfo = strawberry.field(
        description="Where the page stands. `endCursor` is there for an empty page, too: up to it nothing is left."
    )


async def wrapped_changes(info: Info, rows: Sequence[ledger.ContactChange]) -> list[ContactChange]:
    """Changes as clients see them, with the contacts when the query asks for them."""
    contacts: Relation[UUID, Contact] = Relation(lambda: wrapped_by_id(info, {row.contact_id for row in rows}))
    if rows:
        await ahead(info, {"contact": contacts})
    return [
        ContactChange(
            key=row.contact_id,
            contacts=contacts,
            contact_id=global_id("Contact", row.contact_id),
            position=str(row.position),
        )
        for row in rows
    ]


def change_place(text: str, field: str) -> ledger.ChangePlace:
    """The place in a cursor: a position, or a contact among those who changed at one. Raises DomainError INVALID."""
    position, among, key = text.partition("-")
    try:
        return position_of(position, field), UUID(hex=key) if among else None
    except ValueError:
        raise no_place(field) from None


def _cursor(place: ledger.ChangePlace) -> str:
    position, contact_id = place
    return f"{position}-{contact_id.hex}" if contact_id else str(position)


@strawberry.type
class ChangesQuery:
    """What can be read."""

    @query(
        "Contacts that changed after a position of the ledger, as they now stand: each once in a page, in the order of "
        "their latest entries, none missed. To go on, pass `endCursor`. With `last`, those who changed latest, in the "
        "same order."
    )
    async def contact_changes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ContactChangeConnection:
        """A page of changes."""
        page = await ledger.changes_page(info.context.actor, window(first, after, last, before, change_place))
        nodes, cursors = await wrapped_changes(info, page.changes), [_cursor(place) for place in page.places]
        where = page_info(page, cursors)
        where.start_cursor = _cursor(page.start) if page.start else None
        where.end_cursor = _cursor(page.end)
        return ContactChangeConnection(
            edges=[ContactChangeEdge(node=node, cursor=at) for node, at in zip(nodes, cursors, strict=True)],
            nodes=nodes,
            page_info=where,
        )

"""The ledger: what changed, from what to what, who asked, on what proof. History, change feed, live feed."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias
from uuid import UUID

import strawberry

from api.accounts import Topic
from api.batch import Relation, ahead
from api.contacts.page import wrapped_by_id
from api.context import Info
from api.evidence import Evidence
from api.fields import query
from api.relay import After, Before, First, Last, Node, PageInfo, global_id, page_info, required, window
from domain.accounts import queries as accounts
from domain.bulk import queries as bulk
from domain.errors import invalid
from domain.ledger.events import Event
from domain.ledger.pages import feed_page, history_page
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus
from domain.window import Page, Window

if TYPE_CHECKING:
    from api.bulk.types import BulkOperation
    from api.contacts.types import Contact

_LARGEST: Final = 2**63 - 1


class EventPage:
    """What belongs to some ledger entries, a statement a kind."""

    def __init__(self, info: Info, events: Sequence[Event]) -> None:
        contacts = {event.contact_id for event in events if event.contact_id}
        operations = {event.operation_id for event in events if event.operation_id}
        actor = info.context.actor
        self.contacts: Relation[UUID, Contact] = Relation(lambda: wrapped_by_id(info, contacts))
        self.operations = Relation(lambda: bulk.operations(actor, list(operations)))
        self.topics: Relation[UUID, Topic] = Relation(lambda: _topics(info))


async def _topics(info: Info) -> dict[UUID, Topic]:
    return {topic.id: Topic.of(topic) for topic in await accounts.topics(info.context.actor)}


@strawberry.type(
    description=(
        "Append-only: what changed, from what to what, who asked, on what proof. Never updated, never deleted;\n"
        "`address` and `evidence` read null after the person was erased."
    )
)
class ConsentEvent(Node):
    """A ledger entry."""

    row: strawberry.Private[Event]
    page: strawberry.Private[EventPage]
    position: str = strawberry.field(
        description=(
            "The place in the account's ledger and the cursor of the change feed: a stable order, in which no earlier "
            "entry ever appears later."
        )
    )
    action: ConsentAction = strawberry.field(description="What happened.")
    source: ConsentSource = strawberry.field(description="By which way it came.")
    actor: str | None = strawberry.field(description="The key, user or link that asked.")
    channel: Channel | None = strawberry.field(description="The channel, where it is about an address.")
    address: str | None = strawberry.field(description="The address; null after the person was erased.")
    from_: ConsentStatus | None = strawberry.field(
        name="from", description="The permission before, where it is about one."
    )
    to: ConsentStatus | None = strawberry.field(description="The permission after.")
    evidence: Evidence | None = strawberry.field(description="How permission was obtained; null after erasure.")
    reason: str | None = strawberry.field(description="The reason that was given; null after erasure.")
    occurred_at: datetime = strawberry.field(description="When it was recorded.")

    @classmethod
    def of(cls, row: Event, page: EventPage) -> "ConsentEvent":
        """A row as clients see it."""
        return cls(
            id=global_id("ConsentEvent", row.position),
            row=row,
            page=page,
            position=str(row.position),
            action=row.action,
            source=row.source,
            actor=row.actor,
            channel=row.channel,
            address=row.address,
            from_=row.consent_from,
            to=row.consent_to,
            evidence=Evidence.of(row.evidence) if row.evidence else None,
            reason=row.reason,
            occurred_at=row.occurred_at,
        )

    @query("The contact; null after they were erased.")
    def contact(self) -> Annotated["Contact", strawberry.lazy("api.contacts.types")] | None:
        """Whom it is about."""
        key = self.row.contact_id
        return self.page.contacts.read(lambda contacts: contacts.get(key)) if key else None

    @strawberry.field(description="The topic, where it is about one.")
    def topic(self) -> Topic | None:
        """The topic that was switched."""
        key = self.row.topic_id
        return self.page.topics.read(lambda topics: topics.get(key)) if key else None

    @strawberry.field(description="The bulk operation that did it.")
    def bulk_operation(self) -> Annotated["BulkOperation", strawberry.lazy("api.bulk.types")] | None:
        """The operation."""
        from api.bulk.types import BulkOperation  # noqa: PLC0415 - the types refer to each other

        key = self.row.operation_id
        return self.page.operations.read(lambda known: BulkOperation.of_maybe(known.get(key))) if key else None


@strawberry.type(description="A ledger entry in a page.")
class ConsentEventEdge:
    """An edge."""

    node: ConsentEvent = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Its position.")


@strawberry.type(description="A page of ledger entries.")
class ConsentEventConnection:
    """A page."""

    edges: list[ConsentEventEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[ConsentEvent] = strawberry.field(description="The entries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


Actions: TypeAlias = Annotated[
    list[ConsentAction] | None, strawberry.argument(description="These actions alone; all when left out.")
]
OfContact: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="One contact's entries alone, those of addresses they share included."),
]


async def wrapped_events(info: Info, rows: Sequence[Event]) -> list[ConsentEvent]:
    """Entries as clients see them, with what the query will ask of them."""
    page = EventPage(info, rows)
    if rows:
        await ahead(info, {"contact": page.contacts, "topic": page.topics, "bulkOperation": page.operations})
    return [ConsentEvent.of(row, page) for row in rows]


async def events_of_contact(info: Info, contact_id: UUID, asked: Window[int]) -> ConsentEventConnection:
    """A page of one contact's history, newest first."""
    return await _connection(info, await history_page(info.context.actor, contact_id, asked))


async def _connection(info: Info, page: Page[Event]) -> ConsentEventConnection:
    nodes = await wrapped_events(info, page.rows)
    return ConsentEventConnection(
        edges=[ConsentEventEdge(node=node, cursor=node.position) for node in nodes],
        nodes=nodes,
        page_info=page_info(page, [node.position for node in nodes]),
    )


def position_of(text: str, field: str = "after") -> int:
    """A ledger position. Raises DomainError INVALID."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _LARGEST):
        raise invalid("This is no position of the ledger.", field)
    return int(text)


@strawberry.type
class FeedQuery:
    """What can be read."""

    @query(
        "The change feed: every ledger entry after a position, in order, none missed. To go on, pass `endCursor`. With "
        "`last`, the latest entries, in the same order."
    )
    async def consent_events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        actions: Actions = None,
        contact: OfContact = None,
    ) -> ConsentEventConnection:
        """A page of the feed."""
        asked = window(first, after, last, before, position_of)
        only = required("Contact", contact, "contact") if contact is not None else None
        return await _connection(info, await feed_page(info.context.actor, asked, actions, only))

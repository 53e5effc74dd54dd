"""Messages of journeys that were missed, and sending them again."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.contacts.page import wrapped_by_id
from api.contacts.types import Contact
from api.context import Info
from api.fields import Input, mutation, query
from api.relay import (
    After,
    Before,
    First,
    Last,
    Node,
    PageInfo,
    cursor,
    global_id,
    id_place,
    page_info,
    required,
    required_all,
    window,
)
from domain.actor import Scope
from domain.contacts.selection import MOST_IDS
from domain.contacts.send import SendBlock
from domain.errors import DomainError, ErrorCode
from domain.messages.journeys import missed as reading
from domain.messages.journeys import rows
from domain.messages.journeys.resend import Resend, resend_missed_messages
from domain.window import Page


@strawberry.type(description="A journey's message that was not sent at its moment. It is never sent by itself.")
class MissedMessage(Node):
    """A missed message."""

    contact: Contact | None = strawberry.field(description="To whom.")
    journey_id: strawberry.ID = strawberry.field(description="Of which journey.")
    occasion: str = strawberry.field(description="On which occasion.")
    reasons: list[SendBlock] = strawberry.field(
        description="Why it was not sent: every reason. Empty once it was sent again."
    )
    missed_at: datetime = strawberry.field(description="When it was to be sent.")
    expires_at: datetime = strawberry.field(description="Until when it can be sent again.")
    resent_at: datetime | None = strawberry.field(description="When it was sent again; null: it was not.")
    resent_by: str | None = strawberry.field(description="The key or user that asked for that.")

    @classmethod
    def of(cls, row: rows.Missed, contact: Contact | None) -> "MissedMessage":
        """A row as clients see it."""
        return cls(
            id=global_id("MissedMessage", row.id),
            contact=contact,
            journey_id=global_id("Journey", row.journey_id),
            occasion=row.occasion,
            reasons=list(row.reasons),
            missed_at=row.missed_at,
            expires_at=row.expires_at,
            resent_at=row.resent_at,
            resent_by=row.resent_by,
        )


@strawberry.type(description="A missed message in a page.")
class MissedMessageEdge:
    """An edge."""

    node: MissedMessage = strawberry.field(description="The message.")
    cursor: str = strawberry.field(description="Pass it as `after` or `before`.")


@strawberry.type(description="A page of missed messages.")
class MissedMessageConnection:
    """A page."""

    edges: list[MissedMessageEdge] = strawberry.field(description="The messages with their cursors.")
    nodes: list[MissedMessage] = strawberry.field(description="The messages.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


@strawberry.input(description="Which missed messages: every condition that is named must hold.")
class MissedMessageFilterInput:
    """A filter."""

    journey: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this journey.")
    contact: strawberry.ID | None = strawberry.field(default=UNSET, description="To this contact.")
    reason: SendBlock | None = strawberry.field(default=UNSET, description="For this reason, among others.")
    waiting: bool | None = strawberry.field(
        default=UNSET, description="True: those that can still be sent again; false: those sent again or expired."
    )

    def read(self) -> reading.MissedFilter:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return reading.MissedFilter(
            required("Journey", self.journey, "filter", "journey") if self.journey else None,
            required("Contact", self.contact, "filter", "contact") if self.contact else None,
            given(self.reason),
            given(self.waiting),
        )


@strawberry.input(description="What to send again: named messages, or those of a selection of contacts.")
class ResendMissedMessagesInput:
    """Missed messages."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="These missed messages: 10,000 at most."
    )
    selection: ContactSelectionInput | None = strawberry.field(default=UNSET, description="Those of these contacts.")
    journey: strawberry.ID | None = strawberry.field(default=UNSET, description="Those of this journey alone.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    def read(self) -> Resend:
        """The domain's. Raises DomainError NOT_FOUND for a bad id, TOO_LARGE."""
        ids = given(self.ids)
        if ids is not None and len(ids) > MOST_IDS:
            raise DomainError(ErrorCode.TOO_LARGE, "At most 10,000 ids at once.", "ids")
        return Resend(
            None if ids is None else required_all("MissedMessage", ids, "ids"),
            self.selection.read() if self.selection else None,
            required("Journey", self.journey, "journey") if self.journey else None,
            given(self.idempotency_key),
        )


@strawberry.type(description="The operation, on record and waiting for a worker.")
class ResendMissedMessagesPayload(BulkPayload):
    """The answer."""


async def wrapped_missed(info: Info, found: Iterable[rows.Missed]) -> list[MissedMessage]:
    """Rows as clients see them, in their order."""
    held = list(found)
    contacts = await wrapped_by_id(info, [row.contact_id for row in held])
    return [MissedMessage.of(row, contacts.get(row.contact_id)) for row in held]


async def _connection(info: Info, page: Page[rows.Missed]) -> MissedMessageConnection:
    nodes = await wrapped_missed(info, page.rows)
    cursors = [cursor(str(row.id)) for row in page.rows]
    return MissedMessageConnection(
        edges=[MissedMessageEdge(node=node, cursor=at) for node, at in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=page_info(page, cursors),
    )


@strawberry.type
class MissedQuery:
    """What can be read."""

    @query("Messages of journeys that were not sent at their moment, newest first, and what became of them.")
    async def missed_messages(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002 - its name in the API
            MissedMessageFilterInput | None, strawberry.argument(description="Which; all when left out.")
        ] = None,
    ) -> MissedMessageConnection:
        """A page of them."""
        asked = window(first, after, last, before, id_place)
        where = filter.read() if filter else reading.MissedFilter()
        return await _connection(info, await reading.missed_page(info.context.actor, asked, where, datetime.now(UTC)))


@strawberry.type
class MissedMutation:
    """What can be done."""

    @mutation(
        Scope.BULK,
        ResendMissedMessagesPayload,
        "Sends missed messages again whose gate is open now and that have not expired, once each. The others are "
        "skipped, and can be asked for another time.",
    )
    async def resend_missed_messages(
        self, info: Info, asked: Input[ResendMissedMessagesInput]
    ) -> ResendMissedMessagesPayload:
        """Start."""
        operation = await resend_missed_messages(info.context.actor, asked.read())
        return ResendMissedMessagesPayload(bulk_operation=BulkOperation.of(operation))

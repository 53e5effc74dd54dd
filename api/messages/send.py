"""Broadcasts and transactional messages, and what became of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactLookupInput, ContactSelectionInput, given
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import Node, global_id, required
from api.scalars import JSON
from domain.actor import Scope
from domain.contacts.send import Purpose, SendBlock
from domain.errors import invalid
from domain.messages import broadcast as sending
from domain.messages import deliveries as reading
from domain.messages.deliveries import DeliveryStatus
from domain.messages.transactional import send_transactional

described(
    DeliveryStatus,
    "Where a message stands.",
    QUEUED="It waits, and is judged when it goes.",
    CLAIMED="It is being handed to the mail server.",
    SENT="The mail server took it.",
    REFUSED="It may not be sent: see the reasons.",
    FAILED="The mail server refused it, or could not take it for two days.",
    BOUNCED="The mail server took it, and it came back: a hook, or `reportDeliveryFailure`, told of it later.",
    UNKNOWN="It may have been sent: something crashed meanwhile. It is never sent again by itself.",
    CANCELED="Its broadcast was canceled before it went.",
)


@strawberry.type(description="A message to one contact, and what became of it.")
class Delivery(Node):
    """A message."""

    contact_id: strawberry.ID = strawberry.field(description="To whom.")
    template_id: strawberry.ID = strawberry.field(description="What it says.")
    purpose: Purpose = strawberry.field(description="What it is for.")
    bulk_operation_id: strawberry.ID | None = strawberry.field(description="The broadcast it is part of.")
    asked_at: datetime = strawberry.field(description="When it was put on record.")
    status: DeliveryStatus = strawberry.field(description="Where it stands.")
    reasons: list[SendBlock] = strawberry.field(description="Why it was refused: every reason.")
    ended_at: datetime | None = strawberry.field(description="When it was sent, or ended otherwise, in the outbox.")

    @classmethod
    def of(cls, row: reading.Delivery) -> "Delivery":
        """A row as clients see it."""
        return cls(
            id=global_id("Delivery", row.id),
            contact_id=global_id("Contact", row.contact_id),
            template_id=global_id("Template", row.template_id),
            purpose=row.purpose,
            bulk_operation_id=global_id("BulkOperation", row.operation_id) if row.operation_id else None,
            asked_at=row.asked_at,
            status=row.status,
            reasons=list(row.reasons),
            ended_at=row.ended_at,
        )


@strawberry.type(description="How many contacts a reason holds for. A contact counts under each of its reasons.")
class SendBlockCount:
    """A count."""

    reason: SendBlock = strawberry.field(description="The reason.")
    count: int = strawberry.field(description="For how many.")


@strawberry.type(description="How many messages stand so.")
class DeliveryStatusCount:
    """A count."""

    status: DeliveryStatus = strawberry.field(description="How they stand.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="How a broadcast stands. A contact who is erased is no longer counted.")
class BroadcastReport:
    """Counts."""

    total: int = strawberry.field(description="How many messages are on record.")
    deliveries: list[DeliveryStatusCount] = strawberry.field(description="Its messages by where they stand.")
    reasons: list[SendBlockCount] = strawberry.field(description="Why messages were refused.")
    paused: bool = strawberry.field(description="Whether it is held: what waits stays until it is resumed.")
    per_second: int | None = strawberry.field(description="How many a second at most; null: as fast as they go.")


@strawberry.type(description="Who would be sent a broadcast now.")
class BroadcastPreview:
    """Counts."""

    total: int = strawberry.field(default=0, description="How many the selection holds.")
    allowed: int = strawberry.field(default=0, description="How many would be sent it.")
    reasons: list[SendBlockCount] = strawberry.field(default_factory=list, description="Why the others would not.")


@strawberry.input(description="What to send to whom.")
class SendBroadcastInput:
    """A broadcast."""

    template: strawberry.ID = strawberry.field(description="What it says: a marketing template.")
    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="What it is about; any when left out.")
    expected_total: int | None = strawberry.field(
        default=UNSET, description="Refuses with CONFLICT when the selection holds another number by now."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    send_at: datetime | None = strawberry.field(
        default=UNSET,
        description="When to begin, a year ahead at most; at once when left out. The selection is written down then, "
        "and until then the operation is QUEUED and can be canceled. It says what the template says now.",
    )
    per_second: int | None = strawberry.field(
        default=UNSET,
        description="At most so many messages a second, up to 100,000; as fast as they go when left out.",
    )

    def read(self) -> sending.Broadcast:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return sending.Broadcast(
            required("Template", self.template, "template"),
            self.selection.read(),
            required("Topic", self.topic, "topic") if self.topic else None,
            given(self.expected_total),
            given(self.idempotency_key),
            given(self.send_at),
            given(self.per_second),
        )


@strawberry.type(description="The operation, on record and waiting for a worker.")
class SendBroadcastPayload(BulkPayload):
    """The answer."""


@strawberry.input(description="What to send to one contact, about what they did themselves.")
class SendTransactionalInput:
    """A message."""

    contact: ContactLookupInput = strawberry.field(description="To whom.")
    template: strawberry.ID = strawberry.field(description="What it says: a template that is not marketing.")
    data: JSON | None = strawberry.field(default=UNSET, description="A text for each of the template's fields.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same message back; with another input: CONFLICT.",
    )

    def texts(self) -> dict[str, object]:
        """The data. Raises DomainError INVALID unless it is an object."""
        found: object = given(self.data)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise invalid("Bring an object: a text for each field.", "data")
        return found


@strawberry.type(description="The message, on record and waiting to be sent.")
class SendTransactionalPayload:
    """The answer."""

    delivery: Delivery | None = strawberry.field(default=None, description="The message; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class SendingQuery:
    """What can be read."""

    @query("Who would be sent a broadcast now, counted exactly, with nothing sent.")
    async def preview_broadcast(
        self,
        info: Info,
        asked: Annotated[SendBroadcastInput, strawberry.argument(name="input", description="As for `sendBroadcast`.")],
    ) -> BroadcastPreview:
        """Count."""
        found = await sending.preview_broadcast(info.context.actor, asked.read())
        return BroadcastPreview(total=found.total, allowed=found.allowed, reasons=_reasons(found.reasons))

    @query("How the messages of a broadcast stand.")
    async def broadcast_report(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The bulk operation.")],  # noqa: A002 - its name in the API
    ) -> BroadcastReport:
        """Count."""
        found = await reading.broadcast_report(info.context.actor, required("BulkOperation", id, "id"))
        return BroadcastReport(
            total=sum(found.statuses.values()),
            deliveries=[DeliveryStatusCount(status=name, count=n) for name, n in sorted(found.statuses.items())],
            reasons=_reasons(found.reasons),
            paused=found.paused,
            per_second=found.per_second,
        )


@strawberry.type
class SendingMutation:
    """What can be sent."""

    @mutation(
        Scope.BULK,
        SendBroadcastPayload,
        "Sends a marketing mail to a selection. Each contact is judged when its message is put together, not when the "
        "broadcast is asked for. Canceling it stops the messages that have not gone.",
    )
    async def send_broadcast(self, info: Info, asked: Input[SendBroadcastInput]) -> SendBroadcastPayload:
        """Start."""
        operation = await sending.send_broadcast(info.context.actor, asked.read())
        return SendBroadcastPayload(bulk_operation=BulkOperation.of(operation))

    @mutation(
        Scope.WRITE,
        SendTransactionalPayload,
        "Mails one contact about what they did themselves, such as an order. Consent and topics do not matter; an "
        "archived contact is activated. An address that is undeliverable is sent nothing.",
    )
    async def send_transactional(self, info: Info, asked: Input[SendTransactionalInput]) -> SendTransactionalPayload:
        """Send."""
        actor, template_id = info.context.actor, required("Template", asked.template, "template")
        key = await send_transactional(
            actor, asked.contact.read(), template_id, asked.texts(), given(asked.idempotency_key)
        )
        return SendTransactionalPayload(delivery=Delivery.of((await reading.deliveries(actor, [key]))[key]))


def _reasons(found: Mapping[SendBlock, int]) -> list[SendBlockCount]:
    return [SendBlockCount(reason=reason, count=found[reason]) for reason in SendBlock if reason in found]

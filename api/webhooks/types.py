"""An endpoint, and what was sent to it."""

from datetime import datetime

import strawberry

from api.enums import described
from api.relay import Node, global_id
from domain.values import ConsentAction
from domain.webhooks.rows import DeliveryKind, DeliveryRow, WebhookRow

described(
    DeliveryKind,
    "Why something was sent.",
    name="WebhookDeliveryKind",
    EVENTS="A batch of the stream, in order.",
    REDELIVERY="A batch once more, as `redeliverWebhook` asked.",
    TEST="A test, as `testWebhook` asked.",
)


@strawberry.type(
    description="Standard Webhooks: signed, retried with growing pauses, in ledger order, at least once; `webhook-id` "
    "is the same on each try."
)
class Webhook(Node):
    """An endpoint."""

    url: str = strawberry.field(description="Where it is.")
    actions: list[ConsentAction] = strawberry.field(description="What it hears of.")
    enabled: bool = strawberry.field(description="Whether it is delivered to.")
    delivered_up_to: str | None = strawberry.field(
        description="The ledger position up to which everything was delivered."
    )
    last_error: str | None = strawberry.field(description="Why the latest delivery failed; null when it was taken.")
    disabled_at: datetime | None = strawberry.field(
        description="Since when it is not delivered to: by hand, after 410, or after three days of failures."
    )
    old_secret_until: datetime | None = strawberry.field(
        description="Until when deliveries are signed with the former secret as well."
    )
    created_at: datetime = strawberry.field(description="When it was created.")

    @classmethod
    def of(cls, row: WebhookRow) -> "Webhook":
        """A row as clients see it."""
        return cls(
            id=global_id("Webhook", row.id),
            url=row.url,
            actions=list(ConsentAction) if row.actions is None else row.actions,
            enabled=row.disabled_at is None,
            delivered_up_to=str(row.delivered_up_to),
            last_error=row.last_error,
            disabled_at=row.disabled_at,
            old_secret_until=row.old_secret_until,
            created_at=row.created_at,
        )


@strawberry.type(description="One try to deliver, or one that was asked for and waits for a worker.")
class WebhookDelivery(Node):
    """A line of the log."""

    kind: DeliveryKind = strawberry.field(description="Why it was sent.")
    message_id: str = strawberry.field(description="Its `webhook-id`: the same on each try of the same batch.")
    after: str = strawberry.field(description="The events after this position …")
    up_to: str = strawberry.field(description="… up to this one.")
    events: int | None = strawberry.field(description="How many events it held; null while it waits.")
    attempt: int = strawberry.field(description="Which try of the batch it was, from 1.")
    delivered: bool = strawberry.field(description="Whether the endpoint took it (2xx).")
    status: int | None = strawberry.field(description="The HTTP status; null when there was none.")
    error: str | None = strawberry.field(description="Why it failed; null when it was taken, and while it waits.")
    milliseconds: int | None = strawberry.field(description="How long it took.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    sent_at: datetime | None = strawberry.field(description="When it was sent; null while it waits.")

    @classmethod
    def of(cls, row: DeliveryRow) -> "WebhookDelivery":
        """A row as clients see it."""
        same = ("kind", "message_id", "events", "attempt", "delivered", "status", "error", "milliseconds")
        return cls(
            id=global_id("WebhookDelivery", row.id),
            after=str(row.after_position),
            up_to=str(row.up_to_position),
            created_at=row.created_at,
            sent_at=row.sent_at,
            **{name: getattr(row, name) for name in same},
        )

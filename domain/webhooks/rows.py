"""An endpoint and its deliveries as they stand."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.values import ConsentAction

COLUMNS = "id, url, actions, delivered_up_to, last_error, disabled_at, old_secret_until, created_at"
DELIVERY_COLUMNS = """id, webhook_id, kind, message_id, after_position, up_to_position, events, attempt, created_at,
                      sent_at, milliseconds, status, error"""


class DeliveryKind(StrEnum):
    """Why something was sent."""

    EVENTS = "EVENTS"
    REDELIVERY = "REDELIVERY"
    TEST = "TEST"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An endpoint. Its secrets stay where they are."""

    id: UUID
    url: str
    actions: list[ConsentAction] | None
    delivered_up_to: int
    last_error: str | None
    disabled_at: datetime | None
    old_secret_until: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> "WebhookRow":
        """A row of COLUMNS."""
        values = dict(row)
        chosen = values.pop("actions")
        return cls(actions=chosen and [ConsentAction(action) for action in chosen], **values)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One try, or one that is asked for and not sent yet (`sent_at` is None)."""

    id: UUID
    webhook_id: UUID
    kind: DeliveryKind
    message_id: str
    after_position: int
    up_to_position: int
    events: int | None
    attempt: int
    created_at: datetime
    sent_at: datetime | None
    milliseconds: int | None
    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the endpoint took it."""
        return self.sent_at is not None and self.error is None

    @classmethod
    def of(cls, row: Any) -> "DeliveryRow":
        """A row of DELIVERY_COLUMNS."""
        values = dict(row)
        return cls(kind=DeliveryKind(values.pop("kind")), **values)

"""What reading gives: a journey, and a missed message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.contacts.send import SendBlock
from domain.messages.journeys.rules import Trigger

JOURNEY: Final = """j.id, j.key, j.name, j.topic_id, j.template_id, j.trigger, j.attribute, j.hour, j.event, j.enabled,
       j.missed_days, j.created_at"""
MISSED: Final = """e.id, e.journey_id, e.contact_id, e.occasion, e.entered_at, e.reasons::text[] AS reasons,
       e.missed_at, e.expires_at, e.resent_at, e.resent_by, e.operation_id"""


@dataclass(frozen=True, slots=True)
class Journey:
    """One message, and what makes a contact get it."""

    id: UUID
    key: str
    name: str
    topic_id: UUID | None
    template_id: UUID
    trigger: Trigger
    attribute: str | None
    hour: int
    event: str | None
    enabled: bool
    missed_days: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """A message that was not sent at its moment, and why."""

    id: UUID
    journey_id: UUID
    contact_id: UUID
    occasion: str
    entered_at: datetime
    reasons: Sequence[SendBlock]
    missed_at: datetime
    expires_at: datetime
    resent_at: datetime | None
    resent_by: str | None
    operation_id: UUID | None


def journey_of(row: Any) -> Journey:
    """The journey of a row of JOURNEY."""
    return Journey(**{name: row[name] for name in Journey.__slots__} | {"trigger": Trigger(row["trigger"])})


def missed_of(row: Any) -> Missed:
    """The missed message of a row of MISSED."""
    reasons = [SendBlock(reason) for reason in row["reasons"]]
    return Missed(**{name: row[name] for name in Missed.__slots__} | {"reasons": reasons})

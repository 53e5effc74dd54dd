"""When a journey's day is, what a yearly date means, and how long a missed message can be sent again. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from domain.contacts.send import SendBlock
from domain.errors import ErrorCode

MOST_LATE: Final = 7
"""Days that a yearly journey catches up on after everything stood still; older ones are let be."""
MOST_JOURNEYS: Final = 100
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
MAX_OCCASION: Final = 200
REFUSALS: Final = {
    SendBlock.UNKNOWN_CONTACT: ErrorCode.NOT_FOUND,
    SendBlock.NO_ADDRESS: ErrorCode.NO_ADDRESS,
    SendBlock.ARCHIVED: ErrorCode.CONTACT_ARCHIVED,
    SendBlock.OPTED_OUT: ErrorCode.OPTED_OUT,
    SendBlock.NON_MARKETABLE: ErrorCode.NOT_PERMITTED,
    SendBlock.TOPIC_OFF: ErrorCode.NOT_PERMITTED,
    SendBlock.UNDELIVERABLE: ErrorCode.UNDELIVERABLE,
}
"""How a bulk operation counts a message whose gate is still closed."""


class Trigger(StrEnum):
    """What makes a contact enter a journey."""

    BY_HAND = "BY_HAND"
    FIRST_OPT_IN = "FIRST_OPT_IN"
    YEARLY = "YEARLY"
    EVENT = "EVENT"


class EntryStatus(StrEnum):
    """Where a contact stands on an occasion."""

    WAITING = "WAITING"
    HANDED_ON = "HANDED_ON"
    MISSED = "MISSED"


def local_day(now: datetime, zone: str, hour: int) -> date:
    """The day that is to be dealt with: today in the time zone once its hour has struck, yesterday before."""
    there = now.astimezone(ZoneInfo(zone))
    return there.date() if there.hour >= hour else there.date() - timedelta(days=1)


def days_due(dealt_with: date | None, upto: date) -> list[date]:
    """The days after the last one dealt with, up to one, the latest few at most; None: that one alone."""
    first = upto if dealt_with is None else max(dealt_with + timedelta(days=1), upto - timedelta(days=MOST_LATE - 1))
    return [first + timedelta(days=n) for n in range((upto - first).days + 1)]


def anniversaries(day: date) -> list[str]:
    """The dates whose anniversary a day is, as `MM-DD`. In a year without it, 29 February is kept on the 28th."""
    found = [f"{day:%m-%d}"]
    if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1:
        found.append("02-29")
    return found


def code_of(reasons: Sequence[SendBlock]) -> ErrorCode:
    """Under which code a bulk operation counts these reasons: that of the first."""
    return REFUSALS[reasons[0]]

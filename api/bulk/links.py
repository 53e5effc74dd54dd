"""The links to an operation's report and to what it wrote."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from api.http.links import Purpose, opened, signed

GOOD_FOR: Final = timedelta(days=1)


def report_url(account_id: UUID, operation_id: UUID) -> str:
    """Where an operation's report can be had by whoever holds the link."""
    return signed(Purpose.REPORT, account_id, operation_id)


def report_of(token: str) -> tuple[UUID, UUID] | None:
    """The account and the operation that a link is for; None when it is forged or a day old."""
    return opened(Purpose.REPORT, token, GOOD_FOR)


def result_url(account_id: UUID, operation_id: UUID) -> str:
    """Where the file that an operation wrote can be had by whoever holds the link."""
    return signed(Purpose.RESULT, account_id, operation_id)


def result_of(token: str) -> tuple[UUID, UUID] | None:
    """As `report_of`, for a result."""
    return opened(Purpose.RESULT, token, GOOD_FOR)

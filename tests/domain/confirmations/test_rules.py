"""Who may be asked to confirm, and how often."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.confirmations.rules import MOST_A_DAY, PAUSE, Standing, is_stale, refusal, wishing
from domain.errors import ErrorCode
from domain.values import ConsentStatus, Deliverability, Lifecycle

NON_MARKETABLE, SINGLE, DOUBLE, OUT = ConsentStatus
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(None), ErrorCode.NO_ADDRESS),
        (Standing(SINGLE), None),
        (Standing(NON_MARKETABLE), ErrorCode.NOT_PERMITTED),
        (Standing(NON_MARKETABLE, wished_at=NOW - 6 * DAY), None),
        (Standing(NON_MARKETABLE, wished_at=NOW - 8 * DAY), ErrorCode.NOT_PERMITTED),
        (Standing(DOUBLE), ErrorCode.NOT_PERMITTED),
        (Standing(DOUBLE, wished_at=NOW), ErrorCode.NOT_PERMITTED),
        (Standing(OUT, NOW - DAY), ErrorCode.OPTED_OUT),
        (Standing(OUT, NOW - DAY, wished_at=NOW - 2 * DAY), ErrorCode.OPTED_OUT),
        (Standing(OUT, NOW - 2 * DAY, wished_at=NOW - DAY), None),
        (Standing(OUT, wished_at=NOW - DAY), None),
        (Standing(SINGLE, deliverability=Deliverability.ERROR), ErrorCode.UNDELIVERABLE),
        (Standing(SINGLE, lifecycle=Lifecycle.ARCHIVED), ErrorCode.CONTACT_ARCHIVED),
        (Standing(NON_MARKETABLE, lifecycle=Lifecycle.ARCHIVED, wished_at=NOW), ErrorCode.CONTACT_ARCHIVED),
        (Standing(SINGLE, asked_at=NOW - PAUSE / 2, asked_today=1), ErrorCode.CONFLICT),
        (Standing(SINGLE, asked_at=NOW - PAUSE, asked_today=1), None),
        (Standing(SINGLE, asked_at=NOW - PAUSE, asked_today=MOST_A_DAY), ErrorCode.CONFLICT),
    ],
)
def test_who_may_be_asked(standing: Standing, code: ErrorCode | None) -> None:
    """CONFIRMATION in rules.md: recorded permission, or the recipient's own wish of the last 7 days."""
    assert refusal(standing, NOW) is code


def test_a_wish_of_this_moment_counts() -> None:
    """Also after an opt-out, and still not for an archived contact."""
    assert refusal(wishing(Standing(OUT, NOW - DAY), NOW), NOW) is None
    assert refusal(wishing(Standing(OUT, lifecycle=Lifecycle.ARCHIVED), NOW), NOW) is ErrorCode.CONTACT_ARCHIVED


def test_a_link_older_than_the_opt_out_is_stale() -> None:
    """What was asked for before it says nothing any more."""
    assert is_stale(Standing(OUT, NOW), NOW - DAY)
    assert not is_stale(Standing(OUT, NOW - DAY), NOW)
    assert not is_stale(Standing(SINGLE, NOW), NOW - DAY)

"""Who may be asked to confirm, and how often (rules.md, "May this be sent?", CONFIRMATION). Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.errors import ErrorCode
from domain.values import ConsentStatus, Deliverability, Lifecycle

GOOD_FOR: Final = timedelta(days=7)
"""How long a link confirms, and how long the recipient's own wish allows a mail."""
PAUSE: Final = timedelta(minutes=10)
"""Between two mails to an address."""
MOST_A_DAY: Final = 5
"""Mails to an address within 24 hours: nobody's mailbox is filled by our forms."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address stands. `consent` is None when there is no such address."""

    consent: ConsentStatus | None
    consent_at: datetime | None = None
    deliverability: Deliverability = Deliverability.OK
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    wished_at: datetime | None = None
    """When its owner last asked for it themselves: on a form, or in the preference centre."""
    asked_at: datetime | None = None
    """When a mail was last sent for."""
    asked_today: int = 0
    """How often within 24 hours."""


def refusal(standing: Standing, now: datetime) -> ErrorCode | None:
    """Why no confirmation may be mailed, or None; throttling comes last, as CONFLICT."""
    code = gate(standing, now)
    if code is None and is_throttled(standing, now):
        return ErrorCode.CONFLICT
    return code


def gate(standing: Standing, now: datetime) -> ErrorCode | None:
    """The same, however often the address was asked before."""
    if standing.consent is None:
        return ErrorCode.NO_ADDRESS
    if standing.lifecycle is Lifecycle.ARCHIVED:
        return ErrorCode.CONTACT_ARCHIVED
    wished = _wished(standing, now)
    if standing.consent is ConsentStatus.OPTED_OUT and not wished:
        return ErrorCode.OPTED_OUT
    if standing.consent is ConsentStatus.DOUBLE_OPT_IN:
        return ErrorCode.NOT_PERMITTED
    if standing.consent is ConsentStatus.NON_MARKETABLE and not wished:
        return ErrorCode.NOT_PERMITTED
    return ErrorCode.UNDELIVERABLE if standing.deliverability is Deliverability.ERROR else None


def is_throttled(standing: Standing, now: datetime) -> bool:
    """Whether the address has had enough mails for now."""
    lately = standing.asked_at is not None and now - standing.asked_at < PAUSE
    return lately or standing.asked_today >= MOST_A_DAY


def is_stale(standing: Standing, requested_at: datetime) -> bool:
    """Whether its owner has opted out since the request: then the link confirms nothing."""
    out = standing.consent is ConsentStatus.OPTED_OUT
    return out and standing.consent_at is not None and standing.consent_at >= requested_at


def wishing(standing: Standing, now: datetime) -> Standing:
    """The same address, its owner asking for it this moment."""
    return replace(standing, wished_at=now)


def _wished(standing: Standing, now: datetime) -> bool:
    """Lately, and not before they opted out."""
    at = standing.wished_at
    if at is None or now - at > GOOD_FOR:
        return False
    since = standing.consent_at if standing.consent is ConsentStatus.OPTED_OUT else None
    return since is None or at > since

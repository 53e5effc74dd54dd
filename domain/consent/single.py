"""One contact through the door: all or nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, Outcome, Targets, change
from domain.consent.evidence import Evidence, proof
from domain.consent.rules import CHECK_ORDER, Change, Request
from domain.consent.words import refusal
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import tx
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentSource

MAX_REASON = 1_000


async def change_one(
    actor: Actor,
    asked: Change,
    source: ConsentSource,
    contact_id: UUID,
    channels: Sequence[Channel],
    slots: Sequence[int] | None = None,
    *,
    evidence: Evidence | None = None,
    reason: str | None = None,
    include_archived: bool = False,
) -> Receipt:
    """Ask the door for one contact. Any refusal undoes the whole; a missing address among others is none.

    Raises DomainError: NOT_FOUND, INVALID for empty channels, slots outside 1 to 3 or bad evidence, or a refusal.
    """
    now = datetime.now(UTC)
    check_targets(channels, slots)
    if evidence is not None:
        evidence.check(now)
    request = Request(asked, source, proof=proof(evidence), include_archived=include_archived)
    context = Context(actor.account_id, actor.name, now, evidence, reason=_reason(reason))
    async with tx() as connection:
        outcome = await change(connection, request, Targets([contact_id], channels, slots), context)
        _raise(outcome)
    return Receipt(contact_id, outcome.positions)


def check_targets(channels: Sequence[Channel], slots: Sequence[int] | None) -> None:
    """Raise DomainError INVALID for no channel at all, no slot at all, or a slot outside 1 to 3."""
    if not channels:
        raise invalid("Name at least one channel.", "channels")
    if slots is not None and (not slots or any(slot not in (1, 2, 3) for slot in slots)):
        raise invalid("Slots are 1, 2 or 3; leave them out for the default.", "slots")


def _reason(reason: str | None) -> str | None:
    reason = reason.strip() if reason else None
    if reason and len(reason) > MAX_REASON:
        raise DomainError(ErrorCode.TOO_LARGE, f"A reason has at most {MAX_REASON} characters.", "reason")
    if reason and "\x00" in reason:
        raise invalid("Control characters are not allowed.", "reason")
    return reason or None


def _raise(outcome: Outcome) -> None:
    if not outcome.found:
        raise not_found("contact", "contactId")
    codes = {refused.code for refused in outcome.refusals}
    for code in CHECK_ORDER:
        if code in codes:
            raise refusal(code)

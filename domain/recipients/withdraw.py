"""The recipient leaves: by a link, always, whatever else is going on; and takes it back, for a while."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.actor import Actor
from domain.consent.change import Context, change_addresses
from domain.consent.door_sql import WITHDRAWN
from domain.consent.rules import BY_LINK, Change, Request
from domain.errors import DomainError, not_found
from domain.infra.db import pool, tx
from domain.recipients.tokens import GOOD_FOR, Purpose
from domain.values import ConsentSource, ConsentStatus

TAKEN_BACK_WITHIN: Final = GOOD_FOR[Purpose.UNDO]
MAX_REASON: Final = 1_000
_WITHDRAWN: Final = WITHDRAWN.format(sources="$3::consent_source[]", since="$4")
_FOUND: Final = """
SELECT w.was, a.consent, coalesce(a.proof = w.position, false) AS stands
  FROM address a CROSS JOIN LATERAL ({withdrawn}) w
 WHERE a.account_id = $1 AND a.id = $2
""".replace("{withdrawn}", _WITHDRAWN)


async def withdraw(
    actor: Actor, address_id: UUID, source: ConsentSource, reason: str | None = None, at: datetime | None = None
) -> None:
    """Opt the address out, on its whole channel, whoever holds it, archived or not; again is recorded again.

    A reason is cut to 1,000 characters: nothing about it keeps anyone from leaving. Raises DomainError NOT_FOUND when
    the account has no such address.
    """
    context = Context(actor.account_id, actor.name, at or datetime.now(UTC), reason=_reason(reason))
    async with tx() as connection:
        outcome = await change_addresses(connection, Request(Change.OPT_OUT, source), [address_id], context)
    if not outcome.found:
        raise not_found("address", "token")


async def take_back(actor: Actor, address_id: UUID, at: datetime | None = None) -> bool:
    """Give the address the permission that the link's withdrawals of the last day found; whether any came back.

    In any policy, and never over anything that happened since. Raises DomainError: OPTED_OUT or CONFLICT for that.
    """
    now = at or datetime.now(UTC)
    context = Context(actor.account_id, actor.name, now, since=now - TAKEN_BACK_WITHIN)
    asked = Request(Change.RESTORE, ConsentSource.UNSUBSCRIBE_LINK)
    async with tx() as connection:
        outcome = await change_addresses(connection, asked, [address_id], context)
    if outcome.refusals:
        raise DomainError(outcome.refusals[0].code, "Something else was decided since; nothing was changed.", "token")
    return bool(outcome.changed)


async def can_take_back(actor: Actor, address_id: UUID, at: datetime | None = None) -> bool:
    """Whether `take_back` would give permission back now."""
    since = (at or datetime.now(UTC)) - TAKEN_BACK_WITHIN
    row = await pool().fetchrow(_FOUND, actor.account_id, address_id, list(BY_LINK), since)
    return row is not None and row["stands"] and row["was"] not in (None, row["consent"], ConsentStatus.OPTED_OUT)


def _reason(reason: str | None) -> str | None:
    return (reason or "").replace("\x00", "").strip()[:MAX_REASON] or None

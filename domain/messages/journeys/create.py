"""Set a journey up, and change it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.contacts import rules as texts
from domain.contacts.gathered import Gathered
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import pool
from domain.ledger.horizon import final_position
from domain.messages.journeys.rows import JOURNEY, Journey, journey_of
from domain.messages.journeys.rules import KEY, MOST_JOURNEYS, Trigger, local_day
from domain.messages.templates import template
from domain.values import Channel

MAX_NAME: Final = 200
_TOPIC: Final = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND id = $2)"
_COUNT: Final = "SELECT count(*) FROM journey WHERE account_id = $1"
_ZONE: Final = "SELECT time_zone FROM account WHERE account_id = $1"
_INSERT: Final = f"""
INSERT INTO journey AS j (account_id, id, key, name, topic_id, template_id, trigger, attribute, hour, event, enabled,
                          missed_days, created_at, looked_upto, dealt_with)
VALUES ($1, $2, $3, $4, $5, $6, $7::journey_trigger, $8, $9, $10, $11, $12, $13, $14, $15)
RETURNING {JOURNEY}
"""
_READ: Final = f"SELECT {JOURNEY} FROM journey j WHERE j.account_id = $1 AND j.id = $2"
# Enabled again, it begins anew: nobody gets what passed meanwhile.
_UPDATE: Final = f"""
UPDATE journey j SET name = $3, topic_id = $4, template_id = $5, hour = $6, missed_days = $8,
       looked_upto = CASE WHEN $7 AND NOT j.enabled THEN $9 ELSE j.looked_upto END,
       dealt_with = CASE WHEN $7 AND NOT j.enabled THEN $10 ELSE j.dealt_with END, enabled = $7
 WHERE j.account_id = $1 AND j.id = $2
RETURNING {JOURNEY}
"""


@dataclass(frozen=True, slots=True)
class NewJourney:
    """A journey as it was asked for."""

    key: str
    name: str
    template_id: UUID
    trigger: Trigger
    topic_id: UUID | None = None
    attribute: str | None = None
    hour: int = 9
    event: str | None = None
    enabled: bool = True
    missed_days: int = 30


async def create_journey(actor: Actor, new: NewJourney) -> Journey:
    """Set a journey up. It begins now: who opted in before, and whose day is today, is not written to.

    Raises DomainError or Refusals: INVALID, TOO_LARGE (also for a 101st), TAKEN for a key in use, NOT_FOUND
    (template, topic).
    """
    gathered = Gathered()
    if not KEY.fullmatch(new.key):
        gathered.refuse(
            invalid("Start with a letter; then lower-case letters, digits and underscores, up to 63.", "key")
        )
    name = gathered.take(lambda: _line(new.name, "name"))
    attribute = gathered.take(lambda: _belongs(new, Trigger.YEARLY, new.attribute, "attribute"))
    event = gathered.take(lambda: _belongs(new, Trigger.EVENT, new.event, "event"))
    gathered.take(lambda: _check_figures(new.hour, new.missed_days))
    gathered.settle()
    await _check_template(actor, new.template_id)
    await _check_topic(actor, new.topic_id)
    if await pool().fetchval(_COUNT, actor.account_id) >= MOST_JOURNEYS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_JOURNEYS} journeys.", "key")
    now = datetime.now(UTC)
    given = (new.template_id, new.trigger, attribute, new.hour, event, new.enabled, new.missed_days)
    try:
        row = await pool().fetchrow(
            _INSERT,
            actor.account_id,
            uuid7(),
            new.key,
            name,
            new.topic_id,
            *given,
            now,
            *await _begin(actor, new.hour, now),
        )
    except asyncpg.UniqueViolationError:
        raise DomainError(ErrorCode.TAKEN, "The account has a journey with this key.", "key") from None
    return journey_of(row)


async def update_journey(actor: Actor, journey_id: UUID, **changes: Any) -> Journey:
    """Change what is named: name, topic_id, template_id, hour, enabled, missed_days. Raises as `create_journey`."""
    row = await pool().fetchrow(_READ, actor.account_id, journey_id)
    if row is None:
        raise not_found("journey", "id")
    before = journey_of(row)
    template_id = changes.get("template_id", before.template_id)
    if template_id != before.template_id:
        await _check_template(actor, template_id)
    topic_id = changes.get("topic_id", before.topic_id)
    await _check_topic(actor, topic_id)
    hour, days = changes.get("hour", before.hour), changes.get("missed_days", before.missed_days)
    _check_figures(hour, days)
    enabled = bool(changes.get("enabled", before.enabled))
    name = _line(changes.get("name", before.name), "name")
    given = (name, topic_id, template_id, hour, enabled, days)
    begin = await _begin(actor, hour, datetime.now(UTC))
    changed = await pool().fetchrow(_UPDATE, actor.account_id, journey_id, *given, *begin)
    return journey_of(changed)


async def _begin(actor: Actor, hour: int, now: datetime) -> tuple[Any, ...]:
    """Where a journey that starts now takes up: after which ledger position, and after which day."""
    zone = await pool().fetchval(_ZONE, actor.account_id)
    return await final_position(), local_day(now, zone, hour)


async def _check_template(actor: Actor, template_id: UUID) -> None:
    chosen = await template(actor, template_id, "template")
    if not chosen.marketing or chosen.channel is not Channel.EMAIL:
        raise invalid("A journey is marketing by mail: take such a template, with the link to leave.", "template")


async def _check_topic(actor: Actor, topic_id: UUID | None) -> None:
    if topic_id is not None and not await pool().fetchval(_TOPIC, actor.account_id, topic_id):
        raise not_found("topic", "topic")


def _line(text: str, field: str) -> str:
    return texts.some(texts.line(text, MAX_NAME, field), field)


def _belongs(new: NewJourney, to: Trigger, text: str | None, field: str) -> str | None:
    if new.trigger is not to:
        if text is not None:
            raise invalid(f"Only a journey that starts {to} has one.", field)
        return None
    if text is None:
        raise DomainError(ErrorCode.REQUIRED, f"A journey that starts {to} needs one.", field)
    return _line(text, field)


def _check_figures(hour: int, days: int) -> None:
    if not 0 <= hour <= 23:
        raise invalid("0 to 23.", "hour")
    if not 1 <= days <= 365:
        raise invalid("1 to 365 days.", "missedDays")

"""The gate for many contacts at once: its rules tabulated and handed to one statement, so that SQL holds none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any, Final
from uuid import UUID

from domain.contacts.send import REQUEST_HOLDS, WAKES, Purpose, Standing, blocks
from domain.infra.db import Connection
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

_TOPIC: Final = """coalesce(
  (SELECT w.subscribed FROM topic_switch w
    WHERE w.account_id = $1 AND w.contact_id = s.contact_id AND w.topic_id = $9),
  (SELECT t.default_subscribed FROM topic t WHERE t.account_id = $1 AND t.id = $9), false)"""
_ASKED: Final = """coalesce(EXISTS (SELECT FROM ledger l WHERE l.account_id = $1 AND l.address_id = a.id
  AND l.action = 'CONFIRMATION_REQUESTED' AND l.source IN ('SIGNUP_FORM', 'PREFERENCE_CENTRE')
  AND l.occurred_at >= $10), false)"""
# Joined as the door joins: ADR 3.
_JUDGE: Final = """
WITH rule AS MATERIALIZED (
  SELECT * FROM unnest($3::lifecycle[], $4::consent_status[], $5::deliverability[], $6::boolean[], $7::boolean[],
                       $11::text[]) AS r(lifecycle, consent, deliverability, topic_on, asked, reasons)
), point AS MATERIALIZED (
  SELECT contact_id, address_id FROM contact_point
   WHERE account_id = $1 AND contact_id = ANY (ARRAY(SELECT unnest($2::uuid[]))) AND channel = $8::channel AND slot = 1
), fact AS MATERIALIZED (
  SELECT s.contact_id, s.lifecycle, {topic_on} AS topic_on, a.id AS address_id, a.value, a.consent,
         coalesce(a.deliverability, 'OK') AS deliverability, a.proof, {asked} AS asked
    FROM (SELECT contact_id, lifecycle, topic_on FROM contact_state
           WHERE account_id = $1 AND contact_id = ANY (ARRAY(SELECT unnest($2::uuid[])))) s
    FULL JOIN point p ON p.contact_id = s.contact_id
    FULL JOIN (SELECT id, value, consent, deliverability, proof FROM address
                WHERE account_id = $1 AND id = ANY (ARRAY(SELECT address_id FROM point))) a ON a.id = p.address_id
   WHERE ($9::uuid IS NULL OR true) AND ($10::timestamptz IS NULL OR true)
)
SELECT f.contact_id, f.lifecycle, f.address_id, f.value, f.proof, r.reasons
  FROM fact f
  JOIN rule r ON r.lifecycle = f.lifecycle AND r.deliverability = f.deliverability
             AND r.topic_on = f.topic_on AND r.asked = f.asked
             AND coalesce(r.consent, 'NON_MARKETABLE') = coalesce(f.consent, 'NON_MARKETABLE')
             AND (r.consent IS NULL) = (f.consent IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """One contact as judged: the primary address, if any, and the reasons against (names of SendBlock); none: yes."""

    contact_id: UUID
    address_id: UUID | None
    value: str | None
    proof: int | None
    reasons: tuple[str, ...]
    sleeps: bool
    """Archived."""


async def judge_many(
    connection: Connection,
    account_id: UUID,
    contact_ids: Sequence[UUID],
    channel: Channel,
    purpose: Purpose,
    topic_id: UUID | None,
    now: datetime,
) -> dict[UUID, Judged]:
    """Judge the channel's primary address of each contact as the transaction sees it; unknown ones are left out."""
    lifecycles, consents, deliverabilities, topics, asked, reasons = _table(purpose, channel)
    statement = _JUDGE.format(
        topic_on="s.topic_on" if topic_id is None else _TOPIC,
        asked=_ASKED if purpose is Purpose.CONFIRMATION else "false",
    )
    rows = await connection.fetch(
        statement,
        account_id,
        list(contact_ids),
        lifecycles,
        consents,
        deliverabilities,
        topics,
        asked,
        channel,
        topic_id,
        now - REQUEST_HOLDS,
        reasons,
    )
    return {row["contact_id"]: _judged(row) for row in rows}


def wakes(judged: Judged, purpose: Purpose) -> bool:
    """Whether sending activates the contact first."""
    return judged.sleeps and not judged.reasons and purpose in WAKES


@lru_cache
def _table(purpose: Purpose, channel: Channel) -> tuple[list[Any], ...]:
    """What `blocks` answers for every combination of facts, as columns."""
    facts = list(product(Lifecycle, (None, *ConsentStatus), Deliverability, (False, True), (False, True)))
    answers = [
        blocks(purpose, life, consent and Standing(channel, consent, reach), topic_on=topic, asked_lately=asked)
        for life, consent, reach, topic, asked in facts
    ]
    return (*([fact[i] for fact in facts] for i in range(5)), [",".join(answer) for answer in answers])


@lru_cache(maxsize=256)
def _reasons(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _judged(row: Any) -> Judged:
    return Judged(
        row["contact_id"],
        row["address_id"],
        row["value"],
        row["proof"],
        _reasons(row["reasons"]),
        row["lifecycle"] == Lifecycle.ARCHIVED,
    )

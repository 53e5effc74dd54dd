"""Find the occasions that nobody tells: who opted in for the first time, and whose day it is.

Where a journey has got to moves in the transaction that enters whom it found, so a crash neither loses nor doubles one.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from domain.infra.db import Connection, pool, tx
from domain.ledger.horizon import final_position
from domain.messages.journeys.enter import enter, ring
from domain.messages.journeys.rules import anniversaries, days_due, local_day

_WATCHED: Final = """
SELECT j.account_id, j.id FROM journey j WHERE j.enabled AND j.trigger IN ('FIRST_OPT_IN', 'YEARLY')
 ORDER BY j.account_id, j.id
"""
_TAKE: Final = """
SELECT j.trigger, j.looked_upto, j.dealt_with, j.attribute, j.hour, j.created_at, a.time_zone
  FROM journey j JOIN account a ON a.account_id = $1
 WHERE j.account_id = $1 AND j.id = $2 AND j.enabled FOR NO KEY UPDATE OF j SKIP LOCKED
"""
# The first time in all of the ledger, whichever address of theirs it was, and since the journey is there.
_FIRST: Final = """
SELECT DISTINCT l.contact_id
  FROM ledger l JOIN contact c ON c.account_id = $1 AND c.id = l.contact_id
 WHERE l.account_id = $1 AND l.position > $2 AND l.position <= $3 AND l.occurred_at >= $4 AND l.channel = 'EMAIL'
   AND l.consent_to IN ('SINGLE_OPT_IN', 'DOUBLE_OPT_IN')
   AND l.consent_from NOT IN ('SINGLE_OPT_IN', 'DOUBLE_OPT_IN')
   AND NOT EXISTS (
     SELECT FROM ledger b WHERE b.account_id = $1 AND b.contact_id = l.contact_id AND b.position <= $2
        AND b.channel = 'EMAIL' AND b.consent_to IN ('SINGLE_OPT_IN', 'DOUBLE_OPT_IN'))
"""
_WHOSE_DAY: Final = r"""
SELECT c.id FROM contact c
 WHERE c.account_id = $1 AND c.attributes ->> $2 ~ '^([0-9]{4}-|--)[0-9]{2}-[0-9]{2}$'
   AND right(c.attributes ->> $2, 5) = ANY ($3::text[])
"""
_LOOKED: Final = "UPDATE journey SET looked_upto = $3 WHERE account_id = $1 AND id = $2"
_DEALT_WITH: Final = "UPDATE journey SET dealt_with = $3 WHERE account_id = $1 AND id = $2"


async def watch(now: datetime) -> int:
    """Look for every journey's occasions, of all accounts, as of `now`; answers how many contacts were entered."""
    entered = 0
    upto = await final_position()
    for row in await pool().fetch(_WATCHED):
        entered += await _watch_one(row["account_id"], row["id"], upto, now)
    return entered


async def _watch_one(account_id: UUID, journey_id: UUID, upto: int, now: datetime) -> int:
    async with tx() as connection:
        journey = await connection.fetchrow(_TAKE, account_id, journey_id)
        if journey is None:
            return 0
        if journey["trigger"] == "YEARLY":
            entered = await _yearly(connection, account_id, journey_id, journey, now)
        else:
            entered = await _first_opt_in(connection, account_id, journey_id, journey, upto, now)
    if entered:
        ring(account_id)
    return entered


async def _first_opt_in(
    connection: Connection, account_id: UUID, journey_id: UUID, journey: Any, upto: int, now: datetime
) -> int:
    after = journey["looked_upto"]
    if upto <= after:
        return 0
    given = [account_id, after, upto, journey["created_at"]]
    entered = await enter(connection, journey_id, "first opt-in", now, _FIRST, given)
    await connection.execute(_LOOKED, account_id, journey_id, upto)
    return entered


async def _yearly(connection: Connection, account_id: UUID, journey_id: UUID, journey: Any, now: datetime) -> int:
    today = local_day(now, journey["time_zone"], journey["hour"])
    entered = 0
    for day in days_due(journey["dealt_with"], today):
        given = [account_id, journey["attribute"], anniversaries(day)]
        entered += await enter(connection, journey_id, _year(day), now, _WHOSE_DAY, given)
        await connection.execute(_DEALT_WITH, account_id, journey_id, day)
    return entered


def _year(day: date) -> str:
    """The occasion: one a year."""
    return f"year {day.year}"

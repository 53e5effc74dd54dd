"""The gate: `authorizeSends` of 10,000 beside the same SQL by hand, and `sendDecision(at:)` in a long ledger.

`python -m bench.send [CONTACTS] [ENTRIES]` by itself.
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from time import perf_counter
from uuid import UUID

from uuid_utils.compat import uuid7

from bench.bulk import actor_of
from bench.data import account
from bench.servers import connected, servers
from domain.contacts.queries import Lookup
from domain.contacts.send import Purpose
from domain.contacts.send_past import send_decision_at
from domain.infra.db import pool
from domain.messages.authorize import Question, authorize_sends
from domain.values import Channel

ROUNDS, ASKED = 7, 10_000
# Who is asked about, what they are answered, and the record of both: with the rule written out, and no other purpose.
_BY_HAND = """
WITH answer AS (
  SELECT s.contact_id, a.id AS address_id, a.value, a.proof,
         array_remove(ARRAY[
           CASE WHEN a.id IS NULL THEN 'NO_ADDRESS' END,
           CASE a.consent WHEN 'NON_MARKETABLE' THEN 'NON_MARKETABLE' WHEN 'OPTED_OUT' THEN 'OPTED_OUT' END,
           CASE WHEN a.deliverability = 'ERROR' THEN 'UNDELIVERABLE' END,
           CASE WHEN s.lifecycle = 'ARCHIVED' THEN 'ARCHIVED' END,
           CASE WHEN NOT s.topic_on THEN 'TOPIC_OFF' END], NULL)::send_block[] AS reasons
    FROM contact_state s
    LEFT JOIN (contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id)
      ON p.account_id = $1 AND p.contact_id = s.contact_id AND p.channel = 'EMAIL' AND p.slot = 1
   WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[])
), kept AS (
  INSERT INTO send_authorization (account_id, id, actor, purpose, channel, asked, allowed, answered_at)
  SELECT $1, $3, 'by hand', 'BROADCAST', 'EMAIL', count(*), count(*) FILTER (WHERE reasons = '{}'), now() FROM answer
), recorded AS (
  INSERT INTO send_answer (account_id, authorization_id, contact_id, address_id, proof, activated, reasons)
  SELECT $1, $3, contact_id, address_id, proof, false, reasons FROM answer
)
SELECT contact_id, value, reasons::text[] FROM answer
"""
_ENTRIES = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, channel, consent_from, consent_to, contact_id,
                    address_id, actor)
SELECT $1, nextval('ledger_position'), now() - (r * interval '1 day'),
       (CASE r % 2 WHEN 0 THEN 'OPT_IN' ELSE 'OPT_OUT' END)::consent_action,
       'BULK', 'EMAIL', 'NON_MARKETABLE', (CASE r % 2 WHEN 0 THEN 'SINGLE_OPT_IN' ELSE 'OPTED_OUT' END)::consent_status,
       p.contact_id, p.address_id, 'key:bench'
  FROM generate_series($2::int, 1, -1) AS r CROSS JOIN contact_point p
 WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Contacts a second, by hand and by us, and their ratio; milliseconds of a decision about the past."""

    limit: float
    ours: float
    ratio: float
    past: float
    past_p95: float
    entries: int


async def figures(account_id: UUID, entries: int) -> Figures:
    """Measure both, turn about."""
    rows = await pool().fetch("SELECT id FROM contact WHERE account_id = $1 ORDER BY id LIMIT $2", account_id, ASKED)
    ids = [row["id"] for row in rows]
    rounds = [(await _by_hand(account_id, ids), await _ours(account_id, ids)) for _ in range(ROUNDS)]
    limits, ours = zip(*rounds, strict=True)
    count = await pool().fetchval("SELECT count(*) FROM contact WHERE account_id = $1", account_id)
    await pool().execute(_ENTRIES, account_id, -(-entries // count), timeout=600)
    await pool().execute("ANALYZE ledger")
    for contact_id in ids[-20:]:
        await _past(account_id, contact_id, 0)
    took = [await _past(account_id, ids[n * 37 % len(ids)], n % 10) for n in range(200)]
    found = await pool().fetchval("SELECT count(*) FROM ledger WHERE account_id = $1", account_id)
    ratio = median(one / limit for limit, one in rounds)
    return Figures(median(limits), median(ours), ratio, median(took), quantiles(took, n=20)[-1], found)


async def _by_hand(account_id: UUID, ids: list[UUID]) -> float:
    began = perf_counter()
    async with pool().acquire() as connection, connection.transaction():
        await connection.fetch(_BY_HAND, account_id, ids, uuid7())
    return len(ids) / (perf_counter() - began)


async def _ours(account_id: UUID, ids: list[UUID]) -> float:
    began = perf_counter()
    await authorize_sends(actor_of(account_id), Question(Purpose.BROADCAST, Channel.EMAIL, ids=ids))
    return len(ids) / (perf_counter() - began)


async def _past(account_id: UUID, contact_id: UUID, days: int) -> float:
    # Contacts of the bench are as old as the bench, so the moment is this one and the ledger's dates lie before it.
    at = datetime.now(UTC) - timedelta(milliseconds=days)
    began = perf_counter()
    await send_decision_at(actor_of(account_id), Lookup(id=contact_id), Channel.EMAIL, Purpose.BROADCAST, None, at)
    return (perf_counter() - began) * 1000


@connected()
async def _main(contacts: int, entries: int) -> None:
    async with pool().acquire() as connection:
        account_id = await account(connection, contacts)
    await pool().execute("VACUUM ANALYZE")
    found = await figures(account_id, entries)
    print(f"authorizeSends of {ASKED:,}: by hand {found.limit:,.0f}/s, ours {found.ours:,.0f}/s, ", end="")
    print(f"ratio {found.ratio:.2f} (goal ≥ 0.5)")
    print(f"sendDecision(at:) in {found.entries:,} entries: median {found.past:.1f} ms, ", end="")
    print(f"p95 {found.past_p95:.1f} ms (goal < 20 ms)")


if __name__ == "__main__":
    with servers():
        asyncio.run(_main(*[int(text) for text in sys.argv[1:3] or ("100000", "1000000")]))

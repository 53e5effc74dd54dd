"""Lock what a part is going to change, in the one order: contacts by id, new addresses by hash, addresses by id."""

from collections.abc import Sequence
from uuid import UUID

from domain.imports.match_sql import match
from domain.imports.part import Part
from domain.imports.plan import EMAILS, SLOTS
from domain.values import OptOutPolicy

_CONTACTS = "SELECT lock_contacts($1, $2, '{}', false)"
_TO_LOCK = """
SELECT count(*) AS rows, coalesce(array_agg(n) FILTER (WHERE known OR kind = 'AMEND'), '{}') AS doubtful,
       coalesce(array_agg(contact_id) FILTER (WHERE kind = 'AMEND'), '{}') AS contacts
  FROM merging WHERE kind IN ('CREATE', 'AMEND')
"""
# Whoever makes the same address at this moment is waited for; then the one that was to be made here is not there.
_NEW = """
WITH wanted AS MATERIALIZED (
  SELECT DISTINCT ON (hash, channel) id, channel, hash, value FROM ({wanted}) a ORDER BY hash, channel, n
), made AS (
  INSERT INTO address (account_id, id, channel, hash, value)
  SELECT $1, id, channel, hash, value FROM wanted ORDER BY hash, channel
  ON CONFLICT (account_id, channel, hash) DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM wanted) - (SELECT count(*) FROM made)
"""
_WANTED = """
SELECT m.n, m.{slot}_id AS id, '{channel}'::channel AS channel, s.{slot}_hash AS hash, s.{slot} AS value
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n WHERE m.{slot}_new
"""
# Rows that were put in by different statements can be after the same new number: it is made once.
_SHARED = """
UPDATE merging m SET {slot}_id = one.id
  FROM {table} s, (
    SELECT t.{slot}_hash AS hash, (array_agg(o.{slot}_id ORDER BY o.n))[1] AS id
      FROM merging o JOIN {table} t ON t.account_id = $1 AND t.n = o.n
     WHERE o.{slot}_new GROUP BY 1 HAVING count(DISTINCT o.{slot}_id) > 1) one
 WHERE m.{slot}_new AND s.account_id = $1 AND s.n = m.n AND s.{slot}_hash = one.hash
"""
_KNOWN = """
SELECT count(*) FROM (SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (
  SELECT unnest(ARRAY[{ids}]) FROM merging m WHERE m.n = ANY ($3::integer[])
  UNION ALL
  SELECT p.address_id FROM contact_point p WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]))
 ORDER BY a.id FOR NO KEY UPDATE) locked
"""
_DROP = "DELETE FROM merging WHERE n = ANY ($1::integer[])"
_STRANGER = "SELECT EXISTS (SELECT FROM merging WHERE kind = 'AMEND' AND contact_id <> ALL ($1::uuid[]))"


class MovedError(Exception):
    """What was read before the locks is no longer so, in a way that needs other locks: begin the part again."""


async def hold(part: Part, *, mixed: bool) -> bool:
    """Lock what the matched rows are about, and match them again; false when no row has anything to change.

    A row all of whose addresses are made here is nobody's, and needs no second look. Raises MovedError when somebody
    else made one of them, or a contact that was not locked turned up. `mixed`: several statements matched the rows.
    """
    connection, account_id = part.connection, part.account_id
    found = await connection.fetchrow(_TO_LOCK)
    assert found is not None
    if not found["rows"]:
        return False
    contacts, doubtful = found["contacts"], found["doubtful"]
    part.policy = OptOutPolicy(await connection.fetchval(_CONTACTS, account_id, contacts))
    if mixed:
        await _share(part)
    await _make(part)
    if doubtful:
        ids = ", ".join(f"m.{slot}_id" for slot in part.plan.slots)
        if ids:
            await connection.execute(_KNOWN.format(ids=ids), account_id, contacts, doubtful)
        await connection.execute(_DROP, doubtful)
        await rematch(part, doubtful)
        if await connection.fetchval(_STRANGER, contacts):
            raise MovedError
    return True


async def _share(part: Part) -> None:
    for slot in part.plan.slots:
        if slot not in EMAILS:
            await part.connection.execute(_SHARED.format(slot=slot, table=part.table), part.account_id)


async def _make(part: Part) -> None:
    wanted = [_WANTED.format(channel=SLOTS[slot][0], slot=slot, table=part.table) for slot in part.plan.slots]
    if wanted:
        text = _NEW.format(wanted=" UNION ALL ".join(wanted))
        if await part.connection.fetchval(text, part.account_id):
            raise MovedError


async def rematch(part: Part, rows: Sequence[int]) -> None:
    """Match these rows anew, on a view as fresh as this statement."""
    groups: list[UUID] = list(part.groups)
    text = match(part.plan, part.table, [str(group) for group in groups])
    await part.connection.execute(text, part.account_id, list(part.plan.tags), groups, list(rows))

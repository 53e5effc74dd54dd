"""Lock what a part is going to change, in the one order: contacts by id, new addresses by hash, addresses by id."""

from collections.abc import Sequence
from uuid import UUID

from domain.imports.match_sql import match
from domain.imports.part import Part
from domain.imports.plan import SLOTS
from domain.values import OptOutPolicy

_CONTACTS = "SELECT lock_contacts($1, $2, '{}', false)"
_AMENDED = "SELECT coalesce(array_agg(contact_id), '{}') FROM merging WHERE kind = 'AMEND'"
_TO_LOCK = """
SELECT count(*) AS rows, coalesce(array_agg(n) FILTER (WHERE known OR kind = 'AMEND'), '{}') AS doubtful
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


async def hold(part: Part) -> list[UUID]:
    """Lock the contacts that matched rows are going to change; answers them."""
    contacts: list[UUID] = await part.connection.fetchval(_AMENDED)
    part.policy = OptOutPolicy(await part.connection.fetchval(_CONTACTS, part.account_id, contacts))
    return contacts


async def hold_addresses(part: Part, contacts: list[UUID]) -> bool:
    """Make and lock the addresses of matched rows, and match them again; false when no row has anything to change.

    A row all of whose addresses are made here is nobody's, and needs no second look. Raises MovedError when somebody
    else made one of them, or a contact that was not locked turned up.
    """
    connection, account_id = part.connection, part.account_id
    found = await connection.fetchrow(_TO_LOCK)
    assert found is not None
    if not found["rows"]:
        return False
    await _make(part)
    if doubtful := found["doubtful"]:
        ids = ", ".join(f"m.{slot}_id" for slot in part.plan.slots)
        if ids:
            await connection.execute(_KNOWN.format(ids=ids), account_id, contacts, doubtful)
        await connection.execute(_DROP, doubtful)
        await rematch(part, doubtful)
        if await connection.fetchval(_STRANGER, contacts):
            raise MovedError
    return True


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

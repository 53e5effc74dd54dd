"""Lock what a part is going to change, in the one order: contacts by id, new addresses by hash, addresses by id."""

from collections.abc import Sequence
from uuid import UUID

from domain.imports.match_sql import AGAIN, match
from domain.imports.part import Part
from domain.imports.plan import SLOTS
from domain.values import OptOutPolicy

_CONTACTS = "SELECT lock_contacts($1, $2, '{}', false)"
_TO_LOCK = """
SELECT coalesce(array_agg(n), '{}') AS rows,
       coalesce(array_agg(contact_id) FILTER (WHERE kind = 'AMEND'), '{}') AS contacts
  FROM merging WHERE kind IN ('CREATE', 'AMEND')
"""
_NEW = """
INSERT INTO address (account_id, id, channel, hash, value)
SELECT $1, uuidv7(), w.channel, w.hash, w.value
  FROM (SELECT DISTINCT ON (hash, channel) channel, hash, value FROM ({wanted}) a ORDER BY hash, channel, n) w
ON CONFLICT (account_id, channel, hash) DO NOTHING
"""
_WANTED = """
SELECT m.n, '{channel}'::channel AS channel, s.{slot}_hash AS hash, s.{slot} AS value
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n
 WHERE m.kind IN ('CREATE', 'AMEND') AND m.{slot}_id IS NULL AND s.{slot}_hash IS NOT NULL
"""
_KNOWN = """
SELECT count(*) FROM (SELECT FROM address a WHERE a.account_id = $1 AND a.id IN (
  SELECT unnest(ARRAY[{ids}]) FROM merging m WHERE m.kind IN ('CREATE', 'AMEND')
  UNION ALL
  SELECT p.address_id FROM contact_point p WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]))
 ORDER BY a.id FOR NO KEY UPDATE) locked
"""
_DROP = "DELETE FROM merging WHERE kind IN ('CREATE', 'AMEND')"
_STRANGER = "SELECT EXISTS (SELECT FROM merging WHERE kind = 'AMEND' AND contact_id <> ALL ($1::uuid[]))"


class MovedError(Exception):
    """What was read before the locks is no longer so, in a way that needs other locks: begin the part again."""


async def hold(part: Part) -> bool:
    """Lock what the matched rows are about, and match them again; false when no row has anything to change.

    Raises MovedError when a contact that was not locked turned up meanwhile.
    """
    connection, account_id = part.connection, part.account_id
    found = await connection.fetchrow(_TO_LOCK)
    assert found is not None
    if not found["rows"]:
        return False
    contacts = found["contacts"]
    part.policy = OptOutPolicy(await connection.fetchval(_CONTACTS, account_id, contacts))
    slots = part.plan.slots
    if slots:
        wanted = " UNION ALL ".join(
            _WANTED.format(channel=SLOTS[slot][0], slot=slot, table=part.table) for slot in slots
        )
        await connection.execute(_NEW.format(wanted=wanted), account_id)
        await connection.execute(_KNOWN.format(ids=", ".join(f"m.{slot}_id" for slot in slots)), account_id, contacts)
    await connection.execute(_DROP)
    await rematch(part, found["rows"])
    if await connection.fetchval(_STRANGER, contacts):
        raise MovedError
    return True


async def rematch(part: Part, rows: Sequence[int]) -> None:
    """Match these rows anew, on a view as fresh as this statement."""
    groups: list[UUID] = list(part.groups)
    text = match(part.plan, part.table, AGAIN, [str(group) for group in groups])
    await part.connection.execute(text, part.account_id, list(part.plan.tags), groups, list(rows))

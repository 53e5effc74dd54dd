"""Put tags on contacts and take tags off them, many at once, each change resting on its operation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.contacts.rules import MAX_TAGS
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.ledger.append import Origin
from domain.values import OptOutPolicy

# Tags are details: no address is read but to see whether the account's policy locks them.
_LOCK = "SELECT lock_contacts($1, $2, '{}', false)"

_GIVEN = """
  SELECT s.contact_id, t.tag, t.present, $3::uuid AS by
    FROM contact_state s CROSS JOIN unnest($8::text[], $9::boolean[]) AS t(tag, present)
   WHERE s.account_id = $1 AND s.contact_id = ANY ($2::uuid[])
"""
_GIVEN_LACKS = """
  INSERT INTO contact_tag_removed (account_id, contact_id, tag, operation_id, was_by)
  SELECT $1, contact_id, tag, $3, was_by FROM moving WHERE code IS NULL AND NOT present
  ON CONFLICT (account_id, contact_id, tag)
  DO UPDATE SET operation_id = excluded.operation_id, was_by = excluded.was_by
"""
_UNDONE = """
  SELECT contact_id, tag, false AS present, NULL::uuid AS by FROM contact_tag
   WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) AND operation_id = $8
  UNION ALL
  SELECT contact_id, tag, true, was_by FROM contact_tag_removed
   WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) AND operation_id = $8
"""
_UNDONE_LACKS = """
  DELETE FROM contact_tag_removed r USING moving m
   WHERE m.code IS NULL AND m.present AND r.account_id = $1 AND r.contact_id = m.contact_id AND r.tag = m.tag
"""
# `differing`: what is not so yet. `moving`: the same, judged by contact, each of which changes in full or not at all.
_CHANGE = """
WITH wanted AS MATERIALIZED ({wanted}
), differing AS (
  SELECT w.contact_id, w.tag, w.present, w.by, g.operation_id AS was_by,
         sum(CASE WHEN w.present THEN 1 ELSE -1 END) OVER (PARTITION BY w.contact_id) AS more
    FROM wanted w
    LEFT JOIN contact_tag g ON g.account_id = $1 AND g.contact_id = w.contact_id AND g.tag = w.tag
   WHERE w.present = (g.tag IS NULL)
), moving AS MATERIALIZED (
  SELECT d.*, CASE
           WHEN $6::boolean AND EXISTS (
             SELECT FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
              WHERE p.account_id = $1 AND p.contact_id = d.contact_id AND p.channel = 'EMAIL' AND p.slot = 1
                AND a.consent = 'OPTED_OUT') THEN 'LOCKED'
           WHEN d.more > 0 AND d.more + (
             SELECT count(*) FROM contact_tag h WHERE h.account_id = $1 AND h.contact_id = d.contact_id) > $7
             THEN 'TOO_LARGE' END AS code
    FROM differing d
), dropped AS (
  DELETE FROM contact_tag g USING moving m
   WHERE m.code IS NULL AND NOT m.present AND g.account_id = $1 AND g.contact_id = m.contact_id AND g.tag = m.tag
), lacks AS ({lacks}
), tagged AS (
  INSERT INTO contact_tag (account_id, contact_id, tag, operation_id)
  SELECT $1, contact_id, tag, by FROM moving WHERE code IS NULL AND present
), touched AS MATERIALIZED (
  SELECT DISTINCT contact_id FROM moving WHERE code IS NULL ORDER BY contact_id
), versioned AS (
  UPDATE contact c SET version = c.version + 1, updated_at = $4 FROM touched t
   WHERE c.account_id = $1 AND c.id = t.contact_id
), recorded AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, operation_id, contact_id)
  SELECT $1, nextval('ledger_position'), $4, 'CONTACT_UPDATED', $10::consent_source, $5, $3, contact_id FROM touched
), refused AS MATERIALIZED (
  SELECT DISTINCT contact_id, code FROM moving WHERE code IS NOT NULL ORDER BY contact_id
)
SELECT ARRAY(SELECT contact_id FROM touched) AS changed, ARRAY(SELECT contact_id FROM refused) AS refused,
       ARRAY(SELECT code FROM refused) AS codes
"""
_GIVE = _CHANGE.format(wanted=_GIVEN, lacks=_GIVEN_LACKS)
_UNDO = _CHANGE.format(wanted=_UNDONE, lacks=_UNDONE_LACKS).replace("$10::", "$9::")


@dataclass(frozen=True, slots=True)
class Tagged:
    """Whose tags changed, and who was refused: LOCKED under STRICT, TOO_LARGE for more than 100 tags."""

    changed: list[UUID] = field(default_factory=list)
    refused: dict[UUID, ErrorCode] = field(default_factory=dict)


async def change_tags(
    connection: Connection, origin: Origin, contact_ids: Sequence[UUID], add: Sequence[str], remove: Sequence[str]
) -> Tagged:
    """Change the tags of contacts, of which some may be gone; the version moves where something differs.

    The tags are normalised, and no tag is in both lists. One entry CONTACT_UPDATED for each contact that changed.
    """
    words, present = [*add, *remove], [True] * len(add) + [False] * len(remove)
    return await _change(connection, _GIVE, origin, contact_ids, words, present)


async def undo_tags(connection: Connection, origin: Origin, undone: UUID, contact_ids: Sequence[UUID]) -> Tagged:
    """Go back on what an operation did to the tags of contacts. What was changed again since is left as it is."""
    return await _change(connection, _UNDO, origin, contact_ids, undone)


async def _change(connection: Connection, text: str, origin: Origin, contact_ids: Sequence[UUID], *what: Any) -> Tagged:
    account_id, contacts = origin.account_id, list(contact_ids)
    policy = await connection.fetchval(_LOCK, account_id, contacts)
    strict = policy == OptOutPolicy.STRICT
    given = (
        account_id,
        contacts,
        origin.operation_id,
        origin.now,
        origin.actor,
        strict,
        MAX_TAGS,
        *what,
        origin.source,
    )
    row = await connection.fetchrow(text, *given)
    assert row is not None
    refused = zip(row["refused"], map(ErrorCode, row["codes"]), strict=True)
    return Tagged(row["changed"], dict(refused))

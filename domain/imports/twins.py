"""Which rows of a list name the same contact.

Rows are one person when they share an email address or an external id, or name the same contact of the account; rows
that share nothing but a phone are not. The last row speaks for the person, and the others are duplicates.
"""

from uuid import UUID

from domain.imports.plan import EMAILS, ImportPlan, nameless
from domain.infra.db import Connection

_SEVERAL_EMAILS = """
SELECT EXISTS (SELECT FROM contact_point WHERE account_id = $1 AND channel = 'EMAIL' AND slot > 1)
"""
_BY_EMAIL = """
SELECT s.n, p.contact_id FROM {table} s
  JOIN address a ON a.account_id = $1 AND a.channel = 'EMAIL' AND a.hash = s.{slot}_hash
  JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id AND p.channel = 'EMAIL'
"""
_BY_ID = "SELECT s.n, c.id FROM {table} s JOIN contact c ON c.account_id = $1 AND c.external_id = s.external_id"
# A number alone names whoever alone holds it: of the account, and of the rows that have a better name too.
_BY_NUMBER = """
SELECT s.n, (array_agg(p.contact_id))[1] FROM {table} s
  JOIN address a ON a.account_id = $1 AND a.channel = '{channel}' AND a.hash = s.{slot}_hash
  JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id AND p.channel = '{channel}'
 WHERE {nameless} GROUP BY s.n HAVING count(*) = 1
"""
_SHARED = """
CREATE TEMPORARY TABLE shared ON COMMIT DROP AS
WITH named (n, key) AS NOT MATERIALIZED ({names})
SELECT n, key FROM named WHERE key IN (SELECT key FROM named GROUP BY key HAVING count(*) > 1)
"""
_PEOPLE = "CREATE TEMPORARY TABLE person ON COMMIT DROP AS SELECT DISTINCT n, n AS label FROM shared"
_JOIN_UP = """
UPDATE person p SET label = least.label
  FROM (SELECT s.n, min(k.label) AS label
          FROM shared s
          JOIN (SELECT s.key, min(p.label) AS label FROM shared s JOIN person p USING (n) GROUP BY s.key) k USING (key)
         GROUP BY s.n) least
 WHERE least.n = p.n AND least.label < p.label
"""
_TANGLED = """
CREATE TEMPORARY TABLE tangled ON COMMIT DROP AS
WITH claim AS MATERIALIZED (
  SELECT DISTINCT p.n, p.label, c.contact_id FROM person p JOIN ({claims}) c (n, contact_id) USING (n)
), knot AS (
  SELECT label, (array_agg(DISTINCT contact_id ORDER BY contact_id))[1:2] AS both FROM claim
   GROUP BY label HAVING count(DISTINCT contact_id) > 1
)
SELECT p.n, p.label, CASE WHEN cardinality(o.own) > 1 THEN o.own ELSE k.both END AS both,
       CASE WHEN cardinality(o.own) = 1 THEN o.own[1] END AS contact_id
  FROM person p JOIN knot k USING (label)
 CROSS JOIN LATERAL (SELECT array_agg(c.contact_id ORDER BY c.contact_id) AS own FROM claim c WHERE c.n = p.n) o
"""
# Whoever ties the knot fails; who names one contact goes on, unless an earlier row names another by the same key.
_UNTIE = """
UPDATE {table} s SET verdict = 'CONFLICT', one = t.both[1], other = t.both[2]
  FROM tangled t
 WHERE s.account_id = $1 AND s.n = t.n AND (t.contact_id IS NULL OR EXISTS (
   SELECT FROM shared mine JOIN shared theirs USING (key) JOIN tangled o ON o.n = theirs.n
    WHERE mine.n = t.n AND o.n < t.n AND o.contact_id <> t.contact_id))
"""
_REGROUP = """
UPDATE person p SET label = -1 - (SELECT min(o.n) FROM tangled o WHERE o.contact_id = t.contact_id)
  FROM tangled t WHERE t.n = p.n AND t.contact_id IS NOT NULL
"""
_FORGET_FAILED = "DELETE FROM person p USING {table} s WHERE s.account_id = $1 AND s.n = p.n AND s.verdict IS NOT NULL"
_WITHDRAWN = """
UPDATE {table} s SET accepts = false
  FROM (SELECT max(p.n) AS n FROM person p JOIN {table} t ON t.account_id = $1 AND t.n = p.n
         GROUP BY p.label HAVING bool_or(NOT t.accepts)) last
 WHERE s.account_id = $1 AND s.n = last.n AND s.accepts IS DISTINCT FROM false
"""
_DUPLICATES = """
UPDATE {table} s SET verdict = 'DUPLICATE'
  FROM person p JOIN (SELECT label, max(n) AS n FROM person GROUP BY label) last USING (label)
 WHERE s.account_id = $1 AND s.n = p.n AND p.n < last.n
"""
# A number that stands beside one better name in the file belongs to that person.
_BESIDE = """
SELECT min(o.n), o.{slot}_hash FROM {table} o WHERE o.{slot}_hash IS NOT NULL AND NOT ({other_nameless})
 GROUP BY o.{slot}_hash HAVING count(*) = 1
"""
# A number that several named people of the file share names nobody; one that a single one has, names that one.
_NUMBERS = """
UPDATE {table} s SET verdict = 'CONFLICT'
 WHERE s.account_id = $1 AND s.verdict IS NULL AND {nameless} AND s.{slot}_hash IN (
   SELECT o.{slot}_hash FROM {table} o WHERE o.{slot}_hash IS NOT NULL AND NOT ({other_nameless}) AND o.verdict IS NULL
    GROUP BY o.{slot}_hash HAVING count(*) > 1)
"""


async def find_twins(connection: Connection, account_id: UUID, table: str, plan: ImportPlan) -> None:
    """Set aside, in the staging table, every row but the last of each person, and the rows that name two."""
    emails = [slot for slot in plan.slots if slot in EMAILS]
    numbers = [slot for slot in plan.slots if slot not in EMAILS]
    by_id = plan.header("external_id") is not None
    names = [f"SELECT n, {slot}_hash AS key FROM {table} WHERE {slot}_hash IS NOT NULL" for slot in emails]
    if by_id:
        names.append(f"SELECT n, convert_to(external_id, 'UTF8') FROM {table} WHERE external_id IS NOT NULL")
    for slot in numbers:
        alone = nameless(plan, "s", slot)
        names.append(f"SELECT n, {slot}_hash FROM {table} s WHERE {slot}_hash IS NOT NULL AND {alone}")
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table} s WHERE {alone})"):
            names.append(_BESIDE.format(table=table, slot=slot, other_nameless=nameless(plan, "o", slot)))
    claims = await _claims(connection, account_id, table, plan)
    if claims:
        names.append(f"SELECT DISTINCT n, uuid_send(contact_id) FROM ({claims}) c (n, contact_id)")
    await _execute(connection, _SHARED.format(names=" UNION ALL ".join(names)), account_id)
    await connection.execute(_PEOPLE)
    await connection.execute("ANALYZE shared, person")
    while (await connection.execute(_JOIN_UP)) != "UPDATE 0":
        pass
    if claims:
        await _execute(connection, _TANGLED.format(claims=claims), account_id)
        await connection.execute(_UNTIE.format(table=table), account_id)
        await connection.execute(_REGROUP)
        await connection.execute(_FORGET_FAILED.format(table=table), account_id)
    await connection.execute(_WITHDRAWN.format(table=table), account_id)
    await connection.execute(_DUPLICATES.format(table=table), account_id)
    if names and numbers and (emails or by_id):
        for slot in numbers:
            text = _NUMBERS.format(
                table=table, slot=slot, nameless=nameless(plan, "s", slot), other_nameless=nameless(plan, "o", slot)
            )
            await connection.execute(text, account_id)


async def _claims(connection: Connection, account_id: UUID, table: str, plan: ImportPlan) -> str:
    """The contacts of the account that each row names, as SQL; empty when no two rows could meet in one."""
    emails = [slot for slot in plan.slots if slot in EMAILS]
    by_id = plan.header("external_id") is not None
    alone = not by_id and len(emails) == 1
    if alone:
        nobody = f"SELECT EXISTS (SELECT FROM {table} s WHERE {nameless(plan)})"
        several = await connection.fetchval(_SEVERAL_EMAILS, account_id)
        if not several and not await connection.fetchval(nobody):
            return ""
    parts = [_BY_EMAIL.format(table=table, slot=slot) for slot in emails]
    parts += [_BY_ID.format(table=table)] if by_id else []
    channels = {"mobile": "SMS", "phone": "CALL", "address": "POST"}
    parts += [
        _BY_NUMBER.format(table=table, slot=slot, channel=channels[slot], nameless=nameless(plan, "s", slot))
        for slot in plan.slots
        if slot in channels
    ]
    return " UNION ALL ".join(f"({part})" for part in parts)


async def _execute(connection: Connection, text: str, account_id: UUID) -> None:
    """A statement that makes a table takes no parameters: the account's id is written out."""
    await connection.execute(text.replace("$1", f"'{account_id}'::uuid"))

"""Whom each row of a part is about, and whether anything has to be done: one statement, made for the file's columns.

Read without locks first, so that rows which change nothing cost no more than the reading; what is left is locked,
and matched again on a fresh view.
"""

from itertools import product
from typing import Final

from domain.consent.change import tabulate
from domain.consent.rules import Request
from domain.imports.plan import EMAILS, SLOTS, ImportPlan
from domain.imports.settle import nameless
from domain.imports.values import OnExisting
from domain.values import ConsentStatus, Lifecycle

MERGING: Final = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS merging (
  n integer PRIMARY KEY, kind text NOT NULL, contact_id uuid, other uuid, asks boolean, differs boolean NOT NULL,
  known boolean NOT NULL, {", ".join(f"{slot}_id uuid, {slot}_new boolean" for slot in SLOTS)}
) ON COMMIT DELETE ROWS
"""
CLEAR: Final = "TRUNCATE merging"

_NAMED = """
WITH named AS MATERIALIZED (
  SELECT s.n, {claims} AS claims, {sole} AS sole, {holders} AS holders, {ids}
    FROM {table} s{joins}
   WHERE s.account_id = $1 AND {rows} AND s.verdict IS NULL
), claimed AS MATERIALIZED (
  SELECT *, coalesce(claims[1], CASE WHEN holders = 1 THEN sole END) AS contact_id,
         CASE WHEN claims[1] IS NULL AND holders > 1 THEN sole
              ELSE (SELECT c FROM unnest(claims) c WHERE c <> claims[1] LIMIT 1) END AS other
    FROM named
)
"""
_JUDGED = """
INSERT INTO merging (n, kind, contact_id, other, asks, differs, known{slots})
SELECT n, kind, CASE WHEN kind = 'CREATE' THEN uuidv7() ELSE contact_id END, other, asks, coalesce(differs, false),
       num_nonnulls({known}) > 0{fresh}
  FROM (
    SELECT m.*, a.asks, d.differs{hashes},
           CASE WHEN m.other IS NOT NULL THEN 'CONFLICT'
                WHEN c.id IS NULL AND {nobody} THEN 'NOBODY'
                WHEN c.id IS NULL THEN 'CREATE'
                WHEN row_number() OVER (PARTITION BY m.contact_id ORDER BY m.n DESC) > 1 THEN 'DUPLICATE'
                WHEN {skip} AND a.asks IS DISTINCT FROM false THEN 'SKIP'
                WHEN (d.differs AND NOT {skip}) OR a.asks IS FALSE OR (a.asks AND NOT ({settled})) THEN 'AMEND'
                ELSE 'SAME' END AS kind
      FROM claimed m
      JOIN {table} s ON s.account_id = $1 AND s.n = m.n
      LEFT JOIN contact c ON c.account_id = $1 AND c.id = m.contact_id
      LEFT JOIN contact_state t ON t.account_id = $1 AND t.contact_id = c.id
      CROSS JOIN LATERAL (SELECT {asks} AS asks) a
      CROSS JOIN LATERAL (SELECT {differs} AS differs) d) judged
"""
IN_PART: Final = "s.n >= $4 AND s.n < $5"
AGAIN: Final = "s.n = ANY ($4::integer[])"


def match(plan: ImportPlan, table: str, rows: str, groups: list[str]) -> str:
    """The statement that fills `merging`: `$1` is the account, `$2` and `$3` everyone's tags and groups."""
    skip = "true" if plan.on_existing is OnExisting.SKIP else "false"
    return _named(plan, table, rows) + _JUDGED.format(
        table=table,
        slots="".join(f", {slot}_id, {slot}_new" for slot in plan.slots),
        known=", ".join(f"{slot}_id" for slot in plan.slots) or "other",
        fresh="".join(_fresh(slot) for slot in plan.slots),
        hashes="".join(f", s.{slot}_hash, uuidv7() AS {slot}_fresh" for slot in plan.slots),
        nobody=" AND ".join(f"s.{slot}_hash IS NULL" for slot in plan.slots) or "true",
        skip=skip,
        asks=asks(plan),
        settled=_settled(plan),
        differs=" OR ".join(_differences(plan, groups)) or "false",
    )


def _fresh(slot: str) -> str:
    """An address that the account does not know gets its id here; a number that rows share, one for all of them."""
    new = "uuidv7()" if slot in EMAILS else f"first_value({slot}_fresh) OVER (PARTITION BY {slot}_hash)"
    wanted = f"{slot}_id IS NULL AND {slot}_hash IS NOT NULL AND kind IN ('CREATE', 'AMEND')"
    return f",\n       CASE WHEN {wanted} THEN {new} ELSE {slot}_id END, {wanted}"


def asks(plan: ImportPlan) -> str:
    """Whether a row asks to be opted in (true), out (false), or neither (null)."""
    if plan.asks:
        return "s.accepts"
    return "true" if plan.granted else "NULL::boolean"


def _named(plan: ImportPlan, table: str, rows: str) -> str:
    joins, ids, claims = "", [], []
    if plan.header("external_id") is not None:
        joins += "\n    LEFT JOIN contact x ON x.account_id = $1 AND x.external_id = s.external_id"
        claims.append("x.id")
    for slot in plan.slots:
        channel = SLOTS[slot][0]
        joins += (
            f"\n    LEFT JOIN address {slot}_a ON {slot}_a.account_id = $1 AND {slot}_a.channel = '{channel}'"
            f" AND {slot}_a.hash = s.{slot}_hash"
        )
        ids.append(f"{slot}_a.id AS {slot}_id")
        if slot in EMAILS:
            joins += (
                f"\n    LEFT JOIN contact_point {slot}_p ON {slot}_p.account_id = $1"
                f" AND {slot}_p.address_id = {slot}_a.id AND {slot}_p.channel = 'EMAIL'"
            )
            claims.append(f"{slot}_p.contact_id")
            ids.append(
                f"{slot}_a.consent AS {slot}_consent, {slot}_p.contact_id AS {slot}_holder,"
                f" {slot}_a.value AS {slot}_value"
            )
        else:
            ids.append(f"{slot}_a.consent AS {slot}_consent")
    soles = [slot for slot in plan.slots if slot not in EMAILS]
    unclaimed = f"coalesce({', '.join([*claims, 'NULL::uuid'])}) IS NULL"
    for slot in soles:
        channel = SLOTS[slot][0]
        alone = nameless(plan, "s", slot)
        joins += f"""
    LEFT JOIN LATERAL (
      SELECT (array_agg(h.contact_id ORDER BY h.contact_id))[1] AS contact_id, count(*) AS holders
        FROM contact_point h
       WHERE {slot}_a.id IS NOT NULL AND h.account_id = $1 AND h.address_id = {slot}_a.id AND h.channel = '{channel}'
         AND {unclaimed} AND ({alone}{_unaddressed(plan, slot)})) {slot}_h ON true"""
    return _NAMED.format(
        table=table,
        rows=rows,
        joins=joins,
        ids=", ".join(ids) or "NULL AS nothing",
        claims=f"array_remove(ARRAY[{', '.join(claims) or 'NULL'}]::uuid[], NULL)",
        sole=f"coalesce({', '.join([*(f'{slot}_h.contact_id' for slot in soles), 'NULL::uuid'])})",
        holders=f"coalesce({', '.join([*(f'nullif({slot}_h.holders, 0)' for slot in soles), '0'])})",
    )


def _unaddressed(plan: ImportPlan, slot: str) -> str:
    """A row with an unknown email is whoever alone has its mobile, when they have no email yet."""
    if slot != "mobile" or not any(name in EMAILS for name in plan.slots) or plan.header("external_id") is not None:
        return ""
    return """ OR (
           (SELECT count(*) FROM contact_point o
             WHERE o.account_id = $1 AND o.address_id = mobile_a.id AND o.channel = 'SMS') = 1
           AND NOT EXISTS (SELECT FROM contact_point o
             WHERE o.account_id = $1 AND o.contact_id = h.contact_id AND o.channel = 'EMAIL'))"""


def _differences(plan: ImportPlan, groups: list[str]) -> list[str]:
    """What of a row is not yet so. A blank cell differs from nothing."""
    fields = {column.field.partition(":")[0] for column in plan.columns}
    texts = [name for name in ("external_id", "first_name", "last_name", "contact_type") if name in fields]
    if "name" in fields:
        texts = list(dict.fromkeys([*texts, "first_name", "last_name"]))
    found = [f"(s.{name} IS NOT NULL AND s.{name} IS DISTINCT FROM c.{name})" for name in texts]
    if "attribute" in fields:
        found.append("(s.attributes IS NOT NULL AND NOT c.attributes @> s.attributes)")
    for slot in plan.slots:
        channel = SLOTS[slot][0]
        if slot in EMAILS:
            same = f"m.{slot}_holder = m.contact_id AND m.{slot}_value = s.{slot}"
            found.append(f"(s.{slot} IS NOT NULL AND ({same}) IS NOT TRUE)")
        else:
            found.append(f"""(s.{slot} IS NOT NULL AND NOT EXISTS (SELECT FROM contact_point q
               WHERE q.account_id = $1 AND q.contact_id = c.id AND q.channel = '{channel}' AND q.slot = 1
                 AND q.address_id = m.{slot}_id))""")
    if "tags" in fields or plan.tags:
        found.append("""EXISTS (SELECT FROM unnest(s.tags || $2::text[]) w(tag) WHERE NOT EXISTS (
               SELECT FROM contact_tag g WHERE g.account_id = $1 AND g.contact_id = c.id AND g.tag = w.tag))""")
    else:
        found.append("($2::text[] IS NULL)")
    if groups:
        found.append("""EXISTS (SELECT FROM unnest($3::uuid[]) w(id) WHERE NOT EXISTS (
               SELECT FROM group_member g WHERE g.account_id = $1 AND g.contact_id = c.id AND g.group_id = w.id))""")
    else:
        found.append("($3::uuid[] IS NULL)")
    if "topic" in fields:
        found.append("""EXISTS (SELECT FROM (
               SELECT unnest(s.topics_on), true UNION ALL SELECT unnest(s.topics_off), false) w(id, subscribed)
             WHERE NOT EXISTS (SELECT FROM topic_switch g WHERE g.account_id = $1 AND g.contact_id = c.id
                                  AND g.topic_id = w.id AND g.subscribed = w.subscribed))""")
    return found


def _settled(plan: ImportPlan) -> str:
    """Whether the door would leave every address of the row on the chosen channels as it is, refusing nothing."""
    standing = _unchanged(plan.opt_in()) if plan.granted else []
    pairs = ", ".join(f"('{lifecycle}', '{consent}')" for lifecycle, consent in standing)
    slots = [slot for slot in plan.slots if SLOTS[slot][0] in plan.channels]
    if not pairs:
        return "false"
    return (
        " AND ".join(f"(m.{slot}_id IS NULL OR (t.lifecycle, m.{slot}_consent) IN ({pairs}))" for slot in slots)
        or "true"
    )


def _unchanged(request: Request) -> list[tuple[Lifecycle, ConsentStatus]]:
    rules = tabulate(request)
    quiet = []
    for lifecycle, consent in product(Lifecycle, ConsentStatus):
        told = [rule for rule in rules if rule.lifecycle is lifecycle and rule.consent is consent]
        if not any(rule.code or rule.before or rule.step or rule.after for rule in told):
            quiet.append((lifecycle, consent))
    return quiet

"""Whom each row of a part is about, and whether anything has to be done: one statement, made for the file's columns.

Read without locks first, so that rows which change nothing cost no more than the reading; what is left is locked,
and matched again on a fresh view.
"""

from itertools import product
from typing import Final

from domain.consent.admit import admission
from domain.consent.change import tabulate
from domain.consent.rules import Request
from domain.imports.ids import uuid7s
from domain.imports.plan import EMAILS, SLOTS, ImportPlan, nameless
from domain.imports.values import OnExisting
from domain.values import ConsentStatus, Lifecycle

MERGING: Final = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS merging (
  n integer PRIMARY KEY, kind text NOT NULL, contact_id uuid, other uuid, asks boolean, differs boolean NOT NULL,
  known boolean NOT NULL, {", ".join(f"{slot}_id uuid, {slot}_new boolean" for slot in SLOTS)}
) ON COMMIT DELETE ROWS
"""
CLEAR: Final = "TRUNCATE merging"

_COMPARED = """
WITH named AS {materialized} (
  SELECT s.*, {base} AS claim, {other} AS other_claim, {sole} AS sole, {holders} AS holders{ids}
    FROM {table} s{joins}
   WHERE s.account_id = $1 AND {rows} AND s.verdict IS NULL
), claimed AS {materialized} (
  SELECT s.*, coalesce(claim, CASE WHEN holders = 1 THEN sole END) AS contact_id,
         CASE WHEN claim IS NULL AND holders > 1 THEN sole ELSE other_claim END AS rival
    FROM named s
), compared AS {materialized} (
  SELECT s.*, c.id AS found, {asks} AS asks, c.id IS NOT NULL AND ({differs}) AS differs, {settled} AS settled
    FROM claimed s
    LEFT JOIN contact c ON c.account_id = $1 AND c.id = s.contact_id
    LEFT JOIN contact_state t ON t.account_id = $1 AND t.contact_id = s.contact_id{held}
)
"""
# Each look-up is by an index, row by row: a join that reads a whole account for each part would never end.
_MERGING = """
INSERT INTO merging (n, kind, contact_id, other, asks, differs, known{slots})
SELECT n, kind, CASE WHEN kind = 'CREATE' THEN {contact_new} ELSE contact_id END, rival, asks, coalesce(differs, false),
       num_nonnulls({known}) > 0{fresh}
  FROM (
    SELECT *{drawn},
           CASE WHEN rival IS NOT NULL THEN 'CONFLICT'
                WHEN found IS NULL AND {nobody} THEN 'NOBODY'
                WHEN found IS NULL THEN 'CREATE'
                WHEN row_number() OVER (PARTITION BY contact_id ORDER BY n DESC) > 1 THEN 'DUPLICATE'
                WHEN {skip} AND asks IS DISTINCT FROM false THEN 'SKIP'
                WHEN (differs AND NOT {skip}) OR NOT asks OR (asks AND NOT settled) THEN 'AMEND'
                ELSE 'SAME' END AS kind
      FROM compared) judged
"""
_SORTING = """
SELECT n, CASE WHEN rival IS NULL AND found IS NULL AND num_nonnulls({known}) = 0 AND NOT ({nobody}) AND {plain}
                    THEN 'FRESH'
               WHEN {same} AND rival IS NULL AND found IS NOT NULL AND NOT differs AND asks IS NOT FALSE
                    AND (asks IS NULL OR settled) THEN 'SAME'
               ELSE 'LOOK' END AS kind
  FROM compared
"""
_HELD = """
      LEFT JOIN contact_point {slot}_q ON {slot}_q.account_id = $1 AND {slot}_q.contact_id = s.contact_id
       AND {slot}_q.channel = '{channel}' AND {slot}_q.slot = 1"""
# What many rows share is looked at row by row.
_ALONE = """({slot}_hash IS NULL OR {slot}_hash NOT IN (
                      SELECT {slot}_hash FROM {table} WHERE {slot}_hash IS NOT NULL AND verdict IS NULL
                       GROUP BY 1 HAVING count(*) > 1))"""
AGAIN: Final = "s.n = ANY ($4::integer[])"


def match(plan: ImportPlan, table: str, groups: list[str]) -> str:
    """The statement that fills `merging`: `$1` the account, `$2` and `$3` everyone's tags and groups, `$4` the rows."""
    return (_COMPARED + _MERGING).format(**_pieces(plan, table, groups), materialized="MATERIALIZED", rows=AGAIN)


def sorting(plan: ImportPlan, table: str, groups: list[str], *, same: bool) -> str:
    """The statement that sorts every row, its parameters as in `match`; `same`: whether any could hold already."""
    pieces = _pieces(plan, table, groups)
    pieces["plain"] = " AND ".join(_plain(plan, table))
    skipping = plan.on_existing is OnExisting.SKIP
    pieces["same"] = "true" if same and not skipping else "false"
    return (_COMPARED + _SORTING).format(**pieces, materialized="NOT MATERIALIZED", rows="true")


def fresh_id(slot: str | None = None) -> str:
    """An expression for the id of a new contact of a row `s`, or of its address in a slot.

    Rows of a part lie together, and with each contact its addresses, in the order in which they are written.
    """
    return uuid7s(f"n % 32768 * 16 + {list(SLOTS).index(slot) + 1 if slot else 0}")


def _pieces(plan: ImportPlan, table: str, groups: list[str]) -> dict[str, str]:
    numbers = [slot for slot in plan.slots if slot not in EMAILS]
    claims = _claims(plan)
    base = f"coalesce({', '.join([*claims, 'NULL::uuid'])})"
    others = [f"CASE WHEN {claim} <> {base} THEN {claim} END" for claim in claims[1:]]
    return {
        "table": table,
        "joins": _joins(plan),
        "base": base,
        "other": f"coalesce({', '.join([*others, 'NULL::uuid'])})",
        "sole": f"coalesce({', '.join([*(f'{slot}_h.contact_id' for slot in numbers), 'NULL::uuid'])})",
        "holders": f"coalesce({', '.join([*(f'nullif({slot}_h.holders, 0)' for slot in numbers), '0'])})",
        "ids": "".join(_found(slot) for slot in plan.slots),
        "contact_new": fresh_id(),
        "slots": "".join(f", {slot}_id, {slot}_new" for slot in plan.slots),
        "known": ", ".join(f"{slot}_id" for slot in plan.slots) or "rival",
        "fresh": "".join(_fresh(slot) for slot in plan.slots),
        "drawn": "".join(_drawn(slot) for slot in numbers),
        "nobody": " AND ".join(f"{slot}_hash IS NULL" for slot in plan.slots) or "true",
        "skip": "true" if plan.on_existing is OnExisting.SKIP else "false",
        "asks": asks(plan),
        "settled": _settled(plan),
        "held": "".join(_HELD.format(slot=slot, channel=SLOTS[slot][0]) for slot in numbers),
        "differs": " OR ".join(_differences(plan, groups)) or "false",
    }


def _drawn(slot: str) -> str:
    wanted = f"{slot}_id IS NULL AND {slot}_hash IS NOT NULL"
    return f", CASE WHEN {wanted} THEN {fresh_id(slot)} END AS {slot}_fresh"


def _fresh(slot: str) -> str:
    """An address that the account does not know gets its id here; a number that rows share, one for all of them."""
    alone = slot in EMAILS
    new = fresh_id(slot) if alone else f"first_value({slot}_fresh) OVER (PARTITION BY {slot}_hash)"
    wanted = f"{slot}_id IS NULL AND {slot}_hash IS NOT NULL AND kind IN ('CREATE', 'AMEND')"
    return f",\n       CASE WHEN {wanted} THEN {new} ELSE {slot}_id END, {wanted}"


def asks(plan: ImportPlan) -> str:
    """Whether a row asks to be opted in (true), out (false), or neither (null)."""
    if plan.asks:
        return "s.accepts"
    return "true" if plan.granted else "NULL::boolean"


def _plain(plan: ImportPlan, table: str) -> list[str]:
    """What must hold of a new row for it to be made without a look: no number is shared, and nothing is refused."""
    alone = [_ALONE.format(slot=slot, table=table) for slot in plan.slots if slot not in EMAILS]
    return [*alone, "asks IS NOT false" if admission(plan.opt_in()) else "asks IS NULL"]


def _claims(plan: ImportPlan) -> list[str]:
    """The contacts that a row names by itself: by its external id, then by each email."""
    by_id = ["x.id"] if plan.header("external_id") is not None else []
    return [*by_id, *(f"{slot}_p.contact_id" for slot in plan.slots if slot in EMAILS)]


def _found(slot: str) -> str:
    """What is known of the address in a slot."""
    known = f", {slot}_a.id AS {slot}_id, {slot}_a.consent AS {slot}_consent"
    return known + (f", {slot}_p.contact_id AS {slot}_holder, {slot}_a.value AS {slot}_value" if slot in EMAILS else "")


def _joins(plan: ImportPlan) -> str:
    joins = ""
    if plan.header("external_id") is not None:
        joins += "\n    LEFT JOIN contact x ON x.account_id = $1 AND x.external_id = s.external_id"
    for slot in plan.slots:
        channel = SLOTS[slot][0]
        joins += f"""
    LEFT JOIN address {slot}_a ON {slot}_a.account_id = $1 AND {slot}_a.channel = '{channel}'
     AND {slot}_a.hash = s.{slot}_hash"""
        if slot in EMAILS:
            joins += f"""
    LEFT JOIN contact_point {slot}_p ON {slot}_p.account_id = $1 AND {slot}_p.address_id = {slot}_a.id
     AND {slot}_p.channel = 'EMAIL'"""
    unclaimed = f"coalesce({', '.join([*_claims(plan), 'NULL::uuid'])}) IS NULL"
    for slot in plan.slots:
        if slot not in EMAILS:
            joins += f"""
    LEFT JOIN LATERAL (
      SELECT (array_agg(h.contact_id))[1] AS contact_id, count(*) AS holders
        FROM contact_point h
       WHERE {slot}_a.id IS NOT NULL AND h.account_id = $1 AND h.address_id = {slot}_a.id
         AND h.channel = '{SLOTS[slot][0]}' AND {unclaimed}
         AND ({nameless(plan, "s", slot)}{_unaddressed(plan, slot)})) {slot}_h ON true"""
    return joins


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
        if slot in EMAILS:
            same = f"s.{slot}_holder = s.contact_id AND s.{slot}_value = s.{slot}"
            found.append(f"(s.{slot} IS NOT NULL AND ({same}) IS NOT TRUE)")
        else:
            found.append(f"(s.{slot} IS NOT NULL AND {slot}_q.address_id IS DISTINCT FROM s.{slot}_id)")
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
        " AND ".join(f"(s.{slot}_id IS NULL OR (t.lifecycle, s.{slot}_consent) IN ({pairs}))" for slot in slots)
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

"""The contacts that a part brings, made in one statement, however many.

Of most rows nobody holds an address yet, as far as was seen when the list was sorted: `welcome` makes their contacts,
addresses and permission without another look, and whoever was faster breaks a uniqueness. `create` makes the contacts
of rows that were matched, some of whose addresses are there already; their permission is asked for afterwards.
"""

from typing import Final

from domain.consent.admit import ADMIT, RECORD, admission
from domain.contacts.counts import enter
from domain.imports.match_sql import asks, fresh_id
from domain.imports.part import Part
from domain.imports.plan import EMAILS, SLOTS, ImportPlan
from domain.values import Channel

# Positions are drawn contact by contact: itself, then each of its addresses and the permission of it.
_MAKING = """
WITH newcomer AS MATERIALIZED (
  {rows}
), step AS MATERIALIZED (
  SELECT p.*, nextval('ledger_position') AS position, CASE WHEN p.asks THEN nextval('ledger_position') END AS permitted
    FROM (SELECT s.contact_id, s.topic_on, v.* FROM newcomer s
           CROSS JOIN LATERAL (VALUES {steps}) AS v(recorded, channel, slot, address_id, hash, value, asks)) p
   WHERE p.channel IS NULL OR p.address_id IS NOT NULL
), point AS NOT MATERIALIZED (
  SELECT * FROM step WHERE address_id IS NOT NULL
), contacts AS (
  INSERT INTO contact (account_id, id, external_id, first_name, last_name, contact_type, attributes, updated_at,
                       name, email, phone, search)
  SELECT $1, contact_id, external_id, first_name, last_name, contact_type, coalesce(attributes, '{{}}'),
         $2, name, coalesce(email, email2, email3, ''), coalesce(mobile, phone, ''), search
    FROM newcomer
), states AS (
  INSERT INTO contact_state (account_id, contact_id, topic_on) SELECT $1, contact_id, topic_on FROM newcomer
), points AS (
  INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
  SELECT $1, contact_id, channel, slot, address_id FROM point
), tagged AS (
  INSERT INTO contact_tag (account_id, contact_id, tag, operation_id)
  SELECT DISTINCT $1::uuid, s.contact_id, w.tag, $4::uuid FROM newcomer s, unnest(s.tags || $6::text[]) w(tag)
{more}
)
SELECT (SELECT count(*) FROM newcomer) AS created, (SELECT count(DISTINCT contact_id) FROM point WHERE asks) AS opted_in
"""
_MATCHED = """
SELECT s.*, m.contact_id, {topic_on} AS topic_on, {ids}
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n WHERE m.kind = 'CREATE' ORDER BY m.contact_id
"""
_FRESH = """
SELECT s.*, {contact_id} AS contact_id, {topic_on} AS topic_on, {asks} AS asks, {ids}
  FROM {table} s WHERE s.account_id = $1 AND s.n = ANY ($7::integer[]) ORDER BY s.n
"""
_OURS: Final = {"now": "$2", "actor": "$3", "operation": "$4", "evidence": "$5", "source": "'IMPORT'"}
_RECORD: Final = RECORD.format(**_OURS, consent="NULL", action="NULL")
_ADMIT: Final = (RECORD + ADMIT).format(**_OURS, consent="$8", action="$9")
_JOINED = """
), joined AS (
  INSERT INTO group_member (account_id, group_id, contact_id, operation_id)
  SELECT $1, g.id, s.contact_id, $4 FROM newcomer s
   CROSS JOIN (
     SELECT id FROM contact_group WHERE account_id = $1 AND id = ANY ($10::uuid[]) ORDER BY id FOR KEY SHARE) g
"""
# The file's word on a topic is kept; where it is not what holds for everybody, it is a change.
_SWITCHED = """
), switch AS MATERIALIZED (
  SELECT s.contact_id, w.topic_id, w.subscribed,
         CASE WHEN w.subscribed <> t.default_subscribed THEN nextval('ledger_position') END AS position
    FROM newcomer s
   CROSS JOIN LATERAL (
     SELECT unnest(s.topics_on) AS topic_id, true AS subscribed UNION ALL SELECT unnest(s.topics_off), false) w
    JOIN topic t ON t.account_id = $1 AND t.id = w.topic_id
), switched AS (
  INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)
  SELECT $1, contact_id, topic_id, subscribed, $2 FROM switch
), told AS (
  INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, operation_id, evidence_id,
                      contact_id, topic_id)
  SELECT $1, position, $2, CASE WHEN subscribed THEN 'TOPIC_ON' ELSE 'TOPIC_OFF' END::consent_action, 'IMPORT', $3, $4,
         $5, contact_id, topic_id
    FROM switch WHERE position IS NOT NULL
"""
# A topic is on when it was switched on, or is on by default and was not switched off.
_SOME_DEFAULT = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND default_subscribed)"
_ANY_ON = """(coalesce(cardinality(s.topics_on) > 0, false) OR EXISTS (
  SELECT FROM topic t WHERE t.account_id = $1 AND t.default_subscribed AND (t.id = ANY (s.topics_off)) IS NOT TRUE))"""
# What erasure emptied is filled in, and an email is written as its owner writes it now.
_VALUES = """
UPDATE address a SET value = s.{name}
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n
 WHERE m.kind = 'CREATE' AND a.account_id = $1 AND a.id = m.{name}_id AND {stale}
"""
_IDS = "SELECT coalesce(array_agg(contact_id), '{}') FROM merging WHERE kind = 'CREATE'"


async def welcome(part: Part, rows: list[int]) -> None:
    """Make contacts of rows whose addresses are all new. Raises asyncpg.UniqueViolationError when one is not."""
    plan = part.plan
    step = admission(plan.opt_in())
    ids = ", ".join(
        f"CASE WHEN s.{slot}_hash IS NOT NULL THEN {fresh_id(slot)} END AS {slot}_id" for slot in plan.slots
    )
    source = _FRESH.format(
        contact_id=fresh_id(), topic_on=await _topic_on(part), asks=asks(plan), ids=ids, table=part.table
    )
    more = _ADMIT + (_SWITCHED if plan.switches else "") + (_JOINED if part.groups else "")
    groups = [list(part.groups)] if part.groups else []
    permission = (step and step.consent, step and step.action)
    made = await part.connection.fetchrow(_statement(plan, source, more), *_given(part), rows, *permission, *groups)
    assert made is not None
    part.count("created", made["created"])
    part.count("opted_in", made["opted_in"])


async def create(part: Part) -> None:
    """Make the contacts of matched rows that nobody was found for; their addresses are there, and locked."""
    connection, account_id, plan = part.connection, part.account_id, part.plan
    made = await connection.fetchval(_IDS)
    if not made:
        return
    ids = ", ".join([*(f"m.{slot}_id" for slot in plan.slots), "false AS asks"])
    source = _MATCHED.format(topic_on=await _topic_on(part), ids=ids, table=part.table)
    await connection.fetchrow(_statement(plan, source, _RECORD), *_given(part))
    for name in plan.slots:
        stale = f"a.value IS DISTINCT FROM s.{name}" if name in EMAILS else "a.value IS NULL"
        await connection.execute(_VALUES.format(table=part.table, name=name, stale=stale), account_id)
    await enter(connection, account_id, made)
    part.count("created", len(made))


def _statement(plan: ImportPlan, source: str, more: str) -> str:
    return _MAKING.format(rows=source, steps=", ".join(_steps(plan)), more=more)


def _given(part: Part) -> tuple[object, ...]:
    job = part.job
    return part.account_id, job.now, job.actor, job.operation_id, job.evidence_id, list(part.plan.tags)


def _steps(plan: ImportPlan) -> list[str]:
    """The contact, then its addresses. Emails close up: the first that a row has is the primary."""
    before: list[str] = []
    steps = ["('CONTACT_CREATED'::consent_action, NULL::channel, 0, NULL::uuid, NULL::bytea, NULL::text, false)"]
    for name in plan.slots:
        channel = SLOTS[name][0]
        slot = "1"
        if channel is Channel.EMAIL:
            slot = " + ".join(["1", *(f"(s.{other}_id IS NOT NULL)::int" for other in before)])
            before.append(name)
        asked = "s.asks" if channel in plan.channels else "false"
        steps.append(f"('ADDRESS_ADDED', '{channel}', {slot}, s.{name}_id, s.{name}_hash, s.{name}, {asked})")
    return steps


async def _topic_on(part: Part) -> str:
    if part.plan.switches:
        return _ANY_ON
    return str(bool(await part.connection.fetchval(_SOME_DEFAULT, part.account_id))).lower()

"""The contacts that a part brings: made in a few statements, however many."""

from domain.contacts.counts import enter
from domain.imports.ids import uuid7s
from domain.imports.part import Part
from domain.imports.plan import EMAILS, SLOTS
from domain.values import Channel

_ALONE = "FROM merging m WHERE m.kind = 'CREATE'"
_FROM = "FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n WHERE m.kind = 'CREATE'"
_CONTACTS = f"""
INSERT INTO contact (account_id, id, external_id, first_name, last_name, contact_type, attributes, updated_at,
                     name, email, phone, search)
SELECT $1, m.contact_id, s.external_id, s.first_name, s.last_name, s.contact_type, coalesce(s.attributes, '{{{{}}}}'),
       $2, s.name, coalesce(s.email, s.email2, s.email3, ''), coalesce(s.mobile, s.phone, ''), s.search
  {_FROM} ORDER BY m.contact_id
"""
# A topic is on when it was switched on, or is on by default and was not switched off.
_STATES = """
INSERT INTO contact_state (account_id, contact_id, topic_on)
SELECT $1, m.contact_id, {topic_on} {rows} ORDER BY m.contact_id
"""
_SOME_DEFAULT = "SELECT EXISTS (SELECT FROM topic WHERE account_id = $1 AND default_subscribed)"
_SWITCHED = """
coalesce(cardinality(s.topics_on) > 0, false) OR EXISTS (
  SELECT FROM topic t WHERE t.account_id = $1 AND t.default_subscribed AND (t.id = ANY (s.topics_off)) IS NOT TRUE)"""
_POINTS = """
INSERT INTO contact_point (account_id, id, contact_id, channel, slot, address_id)
SELECT $1, {id}, contact_id, channel, slot, address_id
  FROM ({points}) p ORDER BY contact_id
"""
_POINT = """
SELECT m.n, {place} AS place, m.contact_id, '{channel}'::channel AS channel, {slot} AS slot, m.{name}_id AS address_id
  FROM merging m WHERE m.kind = 'CREATE' AND m.{name}_id IS NOT NULL
"""
# What erasure emptied is filled in, and an email is written as its owner writes it now.
_VALUES = """
UPDATE address a SET value = s.{name}
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n
 WHERE m.kind = 'CREATE' AND a.account_id = $1 AND a.id = m.{name}_id AND {stale}
"""
_ENTRIES = """
INSERT INTO ledger (account_id, position, occurred_at, action, source, actor, operation_id, evidence_id,
                    contact_id, address_id, channel)
SELECT $1, nextval('ledger_position'), $2, action, 'IMPORT', $3, $4, $5, contact_id, address_id, channel
  FROM (
    SELECT m.contact_id, 0 AS slot, 'CONTACT_CREATED'::consent_action AS action, NULL::uuid AS address_id,
           NULL::channel AS channel
      FROM merging m WHERE m.kind = 'CREATE'
    UNION ALL
    SELECT contact_id, slot, 'ADDRESS_ADDED', address_id, channel FROM ({points}) p
     ORDER BY contact_id, channel NULLS FIRST, slot) e
"""
_TAGS = """
INSERT INTO contact_tag (account_id, contact_id, tag, operation_id)
SELECT DISTINCT $1::uuid, m.contact_id, w.tag, $3::uuid
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n,
       unnest(s.tags || $2::text[]) w(tag)
 WHERE m.kind = 'CREATE'
"""
_IDS = """
SELECT coalesce(array_agg(contact_id), '{}') AS ids, coalesce(bool_or(known), false) AS known
  FROM merging WHERE kind = 'CREATE'
"""
# Addresses that are new themselves stand in one cell a channel; the contacts in one of their own.
_NEW_CELLS = """
INSERT INTO summary_delta (account_id, channel, lifecycle, consent, deliverability, topic_on, contacts)
SELECT $1, w.channel, 'ACTIVE', CASE WHEN w.channel IS NOT NULL THEN 'NON_MARKETABLE'::consent_status END,
       CASE WHEN w.channel IS NOT NULL THEN 'OK'::deliverability END, {topic_on}, w.contacts
  FROM (SELECT count(*) AS total{counts} FROM merging m WHERE m.kind = 'CREATE') c,
       LATERAL (VALUES (NULL::channel, c.total){cells}) AS w(channel, contacts)
 WHERE w.contacts > 0
"""


async def create(part: Part) -> None:
    """Make the contacts of the rows that nobody was found for; their addresses are locked."""
    connection, account_id, job = part.connection, part.account_id, part.job
    found = await connection.fetchrow(_IDS)
    assert found is not None
    ids = found["ids"]
    if not ids:
        return
    fields = {column.field.partition(":")[0] for column in part.plan.columns}
    await connection.execute(_CONTACTS.format(table=part.table), account_id, job.now)
    some = await connection.fetchval(_SOME_DEFAULT, account_id)
    topic_on = _SWITCHED if "topic" in fields else str(bool(some)).lower()
    await connection.execute(
        _STATES.format(topic_on=topic_on, rows=_FROM.format(table=part.table) if "topic" in fields else _ALONE),
        account_id,
    )
    points = " UNION ALL ".join(_points(part.plan.slots))
    if points:
        await connection.execute(_POINTS.format(points=points, id=uuid7s("n % 32768 + 32768 * place")), account_id)
        if found["known"]:
            await _write_values(part)
        origin = (account_id, job.now, job.actor, job.operation_id, job.evidence_id)
        await connection.execute(_ENTRIES.format(points=points), *origin)
    if "tags" in fields or part.plan.tags:
        await connection.execute(_TAGS.format(table=part.table), account_id, list(part.plan.tags), job.operation_id)
    if found["known"] or "topic" in fields:
        await enter(connection, account_id, ids)
    else:
        await connection.execute(_new_cells(part.plan.slots, topic_on), account_id)
    part.count("created", len(ids))


def _points(slots: list[str]) -> list[str]:
    """Emails close up: the first that a row has is the primary."""
    before: list[str] = []
    parts = []
    for name in slots:
        channel = SLOTS[name][0]
        slot = "1"
        if channel is Channel.EMAIL:
            slot = " + ".join(["1", *(f"(m.{other}_id IS NOT NULL)::int" for other in before)])
            before.append(name)
        parts.append(_POINT.format(channel=channel, slot=slot, name=name, place=7 + list(SLOTS).index(name)))
    return parts


def _new_cells(slots: list[str], topic_on: str) -> str:
    by_channel: dict[Channel, list[str]] = {}
    for name in slots:
        by_channel.setdefault(SLOTS[name][0], []).append(f"m.{name}_id")
    counts = [f", count(coalesce({', '.join(ids)})) AS {channel.lower()}" for channel, ids in by_channel.items()]
    cells = [f", ('{channel}', c.{channel.lower()})" for channel in by_channel]
    return _NEW_CELLS.format(topic_on=topic_on, counts="".join(counts), cells="".join(cells))


async def _write_values(part: Part) -> None:
    for name in part.plan.slots:
        stale = f"a.value IS DISTINCT FROM s.{name}" if name in EMAILS else "a.value IS NULL"
        await part.connection.execute(_VALUES.format(table=part.table, name=name, stale=stale), part.account_id)

"""The contacts that a part finds: what their rows say differently, written as `update_contact` would."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from domain.contacts import rules
from domain.contacts.counts import enter, leave
from domain.errors import ErrorCode
from domain.imports.part import Part
from domain.imports.plan import EMAILS, SLOTS
from domain.ledger.append import Entry, append
from domain.values import Channel, ConsentAction, ConsentStatus, OptOutPolicy

_TEXTS: Final = ("external_id", "first_name", "last_name", "contact_type")
_ROWS = """
SELECT m.n, m.contact_id, {given}, {ids}, s.tags,
       c.external_id AS old_external_id, c.first_name AS old_first_name, c.last_name AS old_last_name,
       c.contact_type AS old_contact_type, c.attributes::text AS old_attributes,
       CASE WHEN s.attributes IS NULL OR c.attributes @> s.attributes THEN NULL
            ELSE (c.attributes || s.attributes)::text END AS attributes,
       ARRAY(SELECT tag FROM contact_tag g WHERE g.account_id = $1 AND g.contact_id = c.id) AS old_tags
  FROM merging m
  JOIN {table} s ON s.account_id = $1 AND s.n = m.n
  JOIN contact c ON c.account_id = $1 AND c.id = m.contact_id
 WHERE m.kind = 'AMEND' AND m.differs
 ORDER BY m.contact_id
"""
_POINTS = """
SELECT p.contact_id, p.channel, p.slot, p.address_id, a.value, a.consent
  FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE p.account_id = $1 AND p.contact_id = ANY ($2::uuid[]) ORDER BY p.contact_id, p.channel, p.slot
"""
_WRITE = """
UPDATE contact c SET external_id = w.external_id, first_name = w.first_name, last_name = w.last_name,
       contact_type = w.contact_type, attributes = w.attributes::jsonb, version = version + 1, updated_at = $2,
       name = w.name, email = w.email, phone = w.phone, search = w.search
  FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
              $11::text[], $12::text[])
    AS w(id, external_id, first_name, last_name, contact_type, attributes, name, email, phone, search)
 WHERE c.account_id = $1 AND c.id = w.id
"""
_DETACH = """
DELETE FROM contact_point p USING unnest($2::uuid[], $3::uuid[]) AS w(contact_id, address_id)
 WHERE p.account_id = $1 AND p.contact_id = w.contact_id AND p.address_id = w.address_id
"""
_ATTACH = """
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, * FROM unnest($2::uuid[], $3::channel[], $4::smallint[], $5::uuid[])
"""
_VALUES = """
UPDATE address a SET value = w.value FROM unnest($2::uuid[], $3::text[]) AS w(id, value)
 WHERE a.account_id = $1 AND a.id = w.id
   AND (a.value IS NULL OR (a.channel = 'EMAIL' AND a.value IS DISTINCT FROM w.value))
"""
_TAG = """
INSERT INTO contact_tag (account_id, contact_id, tag, operation_id)
SELECT $1, w.id, w.tag, $4 FROM unnest($2::uuid[], $3::text[]) AS w(id, tag)
ON CONFLICT DO NOTHING
"""

Slot = tuple[Channel, int]


@dataclass(frozen=True, slots=True)
class _Point:
    address_id: UUID
    value: str
    consent: ConsentStatus | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """One contact as it is to be."""

    n: int
    contact_id: UUID
    texts: tuple[str | None, ...]
    attributes: str
    tags: list[str]
    before: dict[Slot, _Point]
    after: dict[Slot, _Point]
    differs: bool

    @property
    def leaving(self) -> list[_Point]:
        return [point for slot, point in self.before.items() if self.after.get(slot) != point]

    @property
    def coming(self) -> list[tuple[Slot, _Point]]:
        return [(slot, point) for slot, point in self.after.items() if self.before.get(slot) != point]

    @property
    def moves_primary(self) -> bool:
        return any(number == 1 for (_, number), _ in self.coming)

    def entries(self) -> list[Entry]:
        had = {point.address_id: channel for (channel, _), point in self.before.items()}
        has = {point.address_id: channel for (channel, _), point in self.after.items()}
        gone = [Entry(ConsentAction.ADDRESS_REMOVED, self.contact_id, a, c) for a, c in had.items() if a not in has]
        new = [Entry(ConsentAction.ADDRESS_ADDED, self.contact_id, a, c) for a, c in has.items() if a not in had]
        updated = [Entry(ConsentAction.CONTACT_UPDATED, self.contact_id)] if self.differs else []
        return [*updated, *gone, *new]


async def amend(part: Part) -> None:
    """Write what differs of contacts that are locked, and nothing else."""
    connection, account_id = part.connection, part.account_id
    rows = await connection.fetch(_rows(part), account_id)
    if not rows:
        return
    points: dict[UUID, dict[Slot, _Point]] = defaultdict(dict)
    for point in await connection.fetch(_POINTS, account_id, [row["contact_id"] for row in rows]):
        points[point["contact_id"]][Channel(point["channel"]), point["slot"]] = _Point(
            point["address_id"], point["value"], ConsentStatus(point["consent"])
        )
    changes = []
    for row in rows:
        change = _change(part, row, points[row["contact_id"]])
        if not (change.differs or change.coming):
            continue  # a group or a topic is all
        primary = change.before.get((Channel.EMAIL, 1))
        if part.policy is OptOutPolicy.STRICT and primary and primary.consent is ConsentStatus.OPTED_OUT:
            part.refuse(row["n"], ErrorCode.LOCKED, "email", primary.value)
        else:
            changes.append(change)
    if changes:
        await _write(part, changes)


def _rows(part: Part) -> str:
    names = [*_TEXTS, *SLOTS]
    return _ROWS.format(
        table=part.table,
        given=", ".join(f"s.{name}" for name in names),
        ids=", ".join(f"m.{slot}_id" for slot in SLOTS),
    )


def _change(part: Part, row: Any, before: dict[Slot, _Point]) -> _Change:
    texts = tuple(row[name] if row[name] is not None else row[f"old_{name}"] for name in _TEXTS)
    old = tuple(row[f"old_{name}"] for name in _TEXTS)
    tags = sorted({*(row["tags"] or ()), *part.plan.tags} - set(row["old_tags"]))
    after, rewritten = _placed(row, before)
    moved = after != before and {p.address_id for p in after.values()} == {p.address_id for p in before.values()}
    differs = texts != old or row["attributes"] is not None or bool(tags) or rewritten or moved
    attributes = row["attributes"] or row["old_attributes"]
    return _Change(row["n"], row["contact_id"], texts, attributes, tags, before, after, differs)


def _placed(row: Any, before: dict[Slot, _Point]) -> tuple[dict[Slot, _Point], bool]:
    """The slots as they are to be, and whether an address that stays is written differently."""
    after, rewritten = dict(before), False
    own = {row[f"{name}_id"] for name in EMAILS if row[f"{name}_id"]}
    for name, slot in SLOTS.items():
        address_id, value = row[f"{name}_id"], row[name]
        if address_id is None:
            continue
        held = next((s for s, p in before.items() if s[0] is slot[0] and p.address_id == address_id), None)
        if held is None:
            after[_free(slot, after, own)] = _Point(address_id, value)
        elif slot[0] is Channel.EMAIL and before[held].value != value:
            rewritten = True
            after[held] = _Point(address_id, value, before[held].consent)
    return after, rewritten


def _free(slot: Slot, after: dict[Slot, _Point], own: set[UUID]) -> Slot:
    """Where a new address goes: its column's slot, or a free one when that is held by an address of the same row."""
    channel, number = slot
    if channel is not Channel.EMAIL:
        return slot
    free = [other for other in rules.EMAIL_SLOTS if (channel, other) not in after]
    if free and (free[0] < number or (slot in after and after[slot].address_id in own)):
        return channel, free[0]
    return slot


async def _write(part: Part, changes: Sequence[_Change]) -> None:
    connection, account_id = part.connection, part.account_id
    counted = [change.contact_id for change in changes if change.moves_primary]
    if counted:
        await leave(connection, account_id, counted)
    leaving = [(change.contact_id, point.address_id) for change in changes for point in change.leaving]
    if leaving:
        await connection.execute(_DETACH, account_id, *_columns(leaving))
    values = [(p.address_id, p.value) for change in changes for _, p in change.coming]
    if values:
        await connection.execute(_VALUES, account_id, *_columns(values))
    coming = [(c.contact_id, s[0], s[1], p.address_id) for c in changes for s, p in c.coming]
    if coming:
        await connection.execute(_ATTACH, account_id, *_columns(coming))
        part.attached |= {(c.contact_id, p.address_id) for c in changes for _, p in c.coming if p.consent is None}
    await connection.execute(_WRITE, account_id, part.job.now, *_columns([_row(change) for change in changes]))
    tags = [(change.contact_id, tag) for change in changes for tag in change.tags]
    if tags:
        await connection.execute(_TAG, account_id, *_columns(tags), part.job.operation_id)
    if counted:
        await enter(connection, account_id, counted)
    await append(connection, part.origin, [entry for change in changes for entry in change.entries()])
    part.changed |= {change.contact_id for change in changes}
    part.count("updated", len(changes))


def _row(change: _Change) -> tuple[Any, ...]:
    external_id, first_name, last_name, _ = change.texts
    points = [(channel, slot, point.value) for (channel, slot), point in change.after.items()]
    derived = rules.derive(first_name, last_name, external_id, points)
    return (
        *(change.contact_id, *change.texts, change.attributes),
        *(derived.name, derived.email, derived.phone, derived.search),
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]

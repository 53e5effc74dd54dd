"""Merge one part of a list: its rows are matched, locked, and written, in the caller's one transaction.

What a row asks for that already holds is found out without a lock and costs a few look-ups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from domain.bulk.lines import Line
from domain.bulk.work import Job, Tally
from domain.consent.rules import CHECK_ORDER
from domain.contacts import topic_lock
from domain.errors import ErrorCode
from domain.imports import staging
from domain.imports.amend import amend
from domain.imports.belong import belong
from domain.imports.create import create, welcome
from domain.imports.hold import MovedError, hold, hold_addresses, rematch
from domain.imports.ids import SET_MOMENT
from domain.imports.match_sql import MERGING
from domain.imports.part import Part
from domain.imports.permit import permit
from domain.imports.plan import ImportPlan
from domain.imports.words import words_of
from domain.infra.db import Connection

_PART = """
SELECT fresh, rows, same FROM bulk_part WHERE account_id = $1 AND operation_id = $2 AND number = $3
"""
_PROGRESS = "SELECT part_rows, group_ids FROM import_progress WHERE account_id = $1 AND operation_id = $2"
_PLANNING = f"""
SELECT {SET_MOMENT},
       set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('client_min_messages', 'warning', true)
"""
# The door joins its table of decisions by hash.
_PLANNING_OF_THE_DOOR = "SELECT set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true)"
_NEW_GROUP = """
INSERT INTO contact_group (account_id, id, name, created_at) VALUES ($1, uuidv7(), $2, now()) RETURNING id
"""
_GROUP = "SELECT id FROM contact_group WHERE account_id = $1 AND lower(name) = lower($2)"
_KINDS = "SELECT kind, count(*)::integer AS n FROM merging GROUP BY kind"
_SET_ASIDE = """
SELECT s.line, s.verdict AS kind, s.one AS contact_id, s.other, {names}
  FROM {table} s WHERE s.account_id = $1 AND s.n >= $2 AND s.n < $3 AND s.verdict IS NOT NULL ORDER BY s.n
"""
_LEFT = """
SELECT s.line, m.kind, m.contact_id, m.other, {names}
  FROM merging m JOIN {table} s ON s.account_id = $1 AND s.n = m.n AND s.n >= $2 AND s.n < $3
 WHERE m.kind IN ('CONFLICT', 'NOBODY', 'DUPLICATE', 'SKIP') ORDER BY s.n
"""
_REFUSED = (
    "SELECT s.n, s.line, {names} FROM {table} s WHERE s.account_id = $1 AND s.n = ANY ($2::integer[]) ORDER BY s.n"
)
_AMENDED = "SELECT n, contact_id FROM merging WHERE kind = 'AMEND'"
_MOVED = """
SELECT DISTINCT contact_id FROM ledger
 WHERE account_id = $1 AND contact_id = ANY ($2::uuid[]) AND operation_id = $3 AND action IN ('OPT_IN', 'OPT_OUT')
"""
Counts = dict[ErrorCode, int]
_ORDER: Final = (*CHECK_ORDER, *(code for code in ErrorCode if code not in CHECK_ORDER))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a part, by what they were sorted as; `same` is how many hold already."""

    first: int
    size: int
    fresh: list[int]
    look: list[int]
    same: int


class _Undone(Exception):  # noqa: N818 - not an error: how a savepoint is given up
    def __init__(self, tally: Tally) -> None:
        self.tally = tally


async def merge_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:  # noqa: ARG001 - a part is rows
    """Do a part of an import; in a dry run, do it and take it back, keeping what it came to."""
    plan = ImportPlan.of(job.change)
    progress = await connection.fetchrow(_PROGRESS, job.account_id, job.operation_id)
    assert progress is not None
    written = await connection.fetchrow(_PART, job.account_id, job.operation_id, job.number)
    assert written is not None
    await connection.execute(_PLANNING)
    rows = _Rows(job.number * progress["part_rows"], progress["part_rows"], *written)
    if not plan.dry_run:
        return await _merge(connection, job, plan, rows, progress["group_ids"])
    try:
        async with connection.transaction():
            raise _Undone(await _merge(connection, job, plan, rows, progress["group_ids"]))
    except _Undone as undone:
        return undone.tally


async def _merge(connection: Connection, job: Job, plan: ImportPlan, rows: _Rows, groups: Sequence[UUID]) -> Tally:
    """Take what was sorted as new at its word; if it is not so any more, begin again and look at every row."""
    await connection.execute(topic_lock.SHARED, job.account_id)
    if rows.fresh:
        try:
            async with connection.transaction():
                part = _part(connection, job, plan, rows, groups)
                return await _work(part, rows.fresh, rows.look, rows.same)
        except (MovedError, asyncpg.UniqueViolationError):
            pass
    part = _part(connection, job, plan, rows, groups)
    return await _work(part, [], sorted([*rows.fresh, *rows.look]), rows.same)


def _part(connection: Connection, job: Job, plan: ImportPlan, rows: _Rows, groups: Sequence[UUID]) -> Part:
    table = staging.table(job.operation_id)
    return Part(connection, job, plan, table, rows.first, rows.first + rows.size, list(groups))


async def _work(part: Part, new: list[int], look: list[int], same: int) -> Tally:
    """New contacts' addresses are made once those who are there are locked: the one order of locks."""
    await _new_group(part)
    contacts = await _look(part, look) if look else []
    if new:
        await welcome(part, new)
    if look and await hold_addresses(part, contacts):
        await create(part)
        await amend(part)
        await belong(part)
        await part.connection.execute(_PLANNING_OF_THE_DOOR)
        await permit(part)
        await part.connection.execute(_PLANNING)
    return await _tally(part, len(new), same, looked=bool(look))


async def _look(part: Part, rows: list[int]) -> list[UUID]:
    """Match rows, and lock whom they change."""
    await part.connection.execute(MERGING)
    await rematch(part, rows)
    return await hold(part)


async def _new_group(part: Part) -> None:
    """A dry run makes the new group, too, and takes it back."""
    name = part.plan.new_group
    if part.plan.dry_run and name is not None:
        found = await part.connection.fetchval(_GROUP, part.account_id, name)
        made = found or await part.connection.fetchval(_NEW_GROUP, part.account_id, name)
        part.groups = list(dict.fromkeys([*part.groups, made]))


async def _tally(part: Part, new: int, same: int, *, looked: bool) -> Tally:
    skipped: Counts = {}
    failed: Counts = {}
    await _tell_set_aside(part, _SET_ASIDE, skipped, failed)
    changed, unchanged = new, same
    if looked:
        await _tell_set_aside(part, _LEFT, skipped, failed)
        kinds = {row["kind"]: row["n"] for row in await part.connection.fetch(_KINDS)}
        amended, left = await _amended(part, skipped)
        changed, unchanged = changed + kinds.get("CREATE", 0) + amended, unchanged + kinds.get("SAME", 0) + left
        await _tell_refused(part)
    return Tally(changed, unchanged, skipped, failed=failed, counts=part.counts, lines=part.lines)


async def _amended(part: Part, skipped: Counts) -> tuple[int, int]:
    """How many of the contacts that were found differ now, and how many do not and were refused nothing."""
    changed = unchanged = 0
    amended = await part.connection.fetch(_AMENDED)
    moved = await _moved(part, [row["contact_id"] for row in amended])
    for row in amended:
        codes = [code for code, _, _ in part.refused.get(row["n"], ())]
        if row["contact_id"] in part.changed or row["contact_id"] in moved:
            changed += 1
        elif codes:
            code = min(codes, key=_ORDER.index)
            skipped[code] = skipped.get(code, 0) + 1
        else:
            unchanged += 1
    return changed, unchanged


async def _moved(part: Part, contacts: list[UUID]) -> set[UUID]:
    if not contacts:
        return set()
    rows = await part.connection.fetch(_MOVED, part.account_id, contacts, part.job.operation_id)
    return {row["contact_id"] for row in rows}


async def _tell_set_aside(part: Part, rows: str, skipped: Counts, failed: Counts) -> None:
    """Rows that were not merged at all."""
    names = _names(part)
    text = rows.format(table=part.table, names=", ".join(f"s.{name}" for name in names))
    for row in await part.connection.fetch(text, part.account_id, part.first, part.end):
        kind = row["kind"]
        code = {"CONFLICT": ErrorCode.CONFLICT, "NOBODY": ErrorCode.NO_ADDRESS}.get(kind, ErrorCode.DUPLICATE)
        into = failed if kind in ("CONFLICT", "NOBODY") else skipped
        into[code] = into.get(code, 0) + 1
        named = next((name for name in names if row[name] is not None), None)
        both = [contact for contact in (row["contact_id"], row["other"]) if contact is not None]
        words = words_of(kind, both)
        part.lines.append(Line(row["line"], part.plan.header(named or ""), named and row[named], code, words))
        if kind == "DUPLICATE":
            part.count("duplicate", 1)


async def _tell_refused(part: Part) -> None:
    """What was not done of rows that were merged."""
    if not part.refused:
        return
    names = _names(part)
    text = _REFUSED.format(table=part.table, names=", ".join(f"s.{name}" for name in names))
    for row in await part.connection.fetch(text, part.account_id, list(part.refused)):
        codes = part.refused[row["n"]]
        for code, name, value in codes:
            given = value if value is not None else row[name] if name in names else None
            part.lines.append(Line(row["line"], part.plan.header(name or ""), given, code, words_of(code)))
        told = {code for code, _, _ in codes}
        part.count("left_opted_out", int(ErrorCode.OPTED_OUT in told))
        part.count("suppressed", int(ErrorCode.SUPPRESSED in told and ErrorCode.OPTED_OUT not in told))


def _names(part: Part) -> list[str]:
    """The columns that say who a row is, in the words of a report."""
    by_id = ["external_id"] if part.plan.header("external_id") is not None else []
    return [*part.plan.slots, *by_id]

"""Imports as tests want them: a list given, worked off in this process, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.bulk.claim import claim
from domain.bulk.operation import Operation
from domain.bulk.queries import operation
from domain.bulk.run_part import WORK, Step, run_part
from domain.bulk.values import BulkKind
from domain.bulk.work import Work
from domain.consent.evidence import Evidence
from domain.imports import staging
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.merge import merge_part
from domain.imports.source import Inline
from domain.imports.stage import stage
from domain.infra.db import pool
from domain.values import EvidenceMethod
from tests.domain.contacts.people import points_of

EVIDENCE = Evidence(EvidenceMethod.PAPER_FORM, "Signed at the trade fair, on paper.")


async def bring(actor: Actor, text: str, *, granted: bool = True, **wish: Any) -> Operation:
    """Import a list, with permission unless `granted` is false, and answer the operation once it has ended."""
    given = {"evidence": EVIDENCE if granted else None} | wish
    queued = await import_contacts(actor, NewImport(Inline(text), granted, **given))
    return await work_off(actor, queued.id)


async def work_off(
    actor: Actor, operation_id: UUID, sorted_rows: Callable[[], Awaitable[object]] | None = None
) -> Operation:
    """Do what a worker does, to the end, and answer the operation as it stands then.

    `sorted_rows`: what somebody does after the list was sorted and before any of it is merged.
    """
    assert await claim(actor.account_id, operation_id)
    await stage(actor.account_id, operation_id, asyncio.Event(), nullcontext())
    if sorted_rows:
        await sorted_rows()
    works: dict[BulkKind, Work] = {**WORK, BulkKind.IMPORT: merge_part}
    while await run_part(actor.account_id, operation_id, works) is Step.DONE:
        await asyncio.sleep(0)
    await staging.drop(operation_id)
    done = await operation(actor, operation_id)
    assert done is not None
    return done


async def told(actor: Actor, done: Operation) -> list[tuple[int, str | None, str | None, str]]:
    """The report's lines: line, column, value, code."""
    rows = await pool().fetch(
        "SELECT line, column_name, value, code FROM bulk_refusal WHERE account_id = $1 AND operation_id = $2"
        " ORDER BY line, id",
        actor.account_id,
        done.id,
    )
    return [tuple(row) for row in rows]


def figures(done: Operation) -> tuple[int, int, int, int]:
    """Changed, unchanged, skipped, failed."""
    assert done.total == done.processed, done
    return done.changed, done.unchanged, done.skipped, done.failed


async def ids(actor: Actor) -> dict[str, UUID]:
    """The contacts by email."""
    rows = await pool().fetch("SELECT id, email FROM contact WHERE account_id = $1", actor.account_id)
    return {row["email"]: row["id"] for row in rows}


async def consents(actor: Actor, contact_id: UUID) -> list[tuple[str, int, str, str]]:
    """The contact's addresses: channel, slot, value, consent."""
    return [(p.channel, p.slot, p.value, p.consent) for p in await points_of(actor, contact_id)]


async def ledger_size(actor: Actor) -> int:
    """How many entries the account has."""
    return int(await pool().fetchval("SELECT count(*) FROM ledger WHERE account_id = $1", actor.account_id))

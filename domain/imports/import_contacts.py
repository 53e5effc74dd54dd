"""Bring a list of contacts in: put on record at once, worked off by a worker."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.accounts import queries as accounts
from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.consent.evidence import Evidence, proof
from domain.consent.words import refusal
from domain.contacts import rules
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.files import uploads
from domain.files.uploads import Upload
from domain.groups import rules as group_rules
from domain.groups.queries import by_ids
from domain.imports.choice import Chosen, check_identifying, fields_of
from domain.imports.plan import Column, ImportPlan, placed
from domain.imports.reading.table import read_table
from domain.imports.source import Inline, Source, check_inline
from domain.imports.values import OnExisting
from domain.infra import storage
from domain.infra.db import tx
from domain.values import Channel

MOST_GROUPS = 100
_BEGINNING = 200


@dataclass(frozen=True, slots=True)
class NewImport:
    """A list and what it says of itself, as in `ImportContactsInput`. `granted`: every address gave permission."""

    source: Source
    granted: bool
    evidence: Evidence | None = None
    columns: Sequence[Chosen] | None = None
    channels: Sequence[Channel] = (Channel.EMAIL,)
    groups: Sequence[UUID] = ()
    new_group: str | None = None
    tags: Sequence[str] = ()
    on_existing: OnExisting = OnExisting.UPDATE
    dry_run: bool = False
    idempotency_key: str | None = None


async def import_contacts(actor: Actor, new: NewImport) -> Operation:
    """Put an import on record and wake a worker. A dry run does the same work and keeps only its counts and report.

    The same key and input give the same operation back before any other check. Raises DomainError or Refusals:
    EVIDENCE_REQUIRED when permission is granted without evidence, REQUIRED for a list in which nobody can be told,
    INVALID (bad evidence, channels, tags, group name, what is no list), NOT_FOUND (upload, group, column), DUPLICATE
    (a column or field named twice), TOO_LARGE, CONFLICT for the idempotency key.
    """

    async def check(now: datetime) -> Asked:
        _check(new, now)
        await _check_groups(actor, new.groups)
        upload = await _received(actor, new.source)
        columns = await _columns(actor, upload, new.columns)
        plan = _plan(new, upload, columns)
        async with tx() as connection:
            await uploads.take(connection, actor.account_id, upload.id, "source", "upload")
        return Asked(_summary(new, upload), plan.to_json(), {}, new.evidence)

    return await start(actor, Wish(BulkKind.IMPORT, _given(new), new.idempotency_key), check)


def _check(new: NewImport, now: datetime) -> None:
    if new.granted and new.evidence is None:
        error = refusal(ErrorCode.EVIDENCE_REQUIRED)
        error.field = ("permission", "evidence")
        raise error
    if new.evidence is not None:
        try:
            new.evidence.check(now)
        except DomainError as error:
            raise error.under("permission") from None
    if not new.channels:
        raise invalid("Name at least one channel.", "channels")
    rules.tags(new.tags, "tags")
    if new.new_group is not None:
        try:
            group_rules.name(new.new_group)
        except DomainError as error:
            error.field = ("newGroup",)
            raise


async def _check_groups(actor: Actor, groups: Sequence[UUID]) -> None:
    if len(groups) > MOST_GROUPS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_GROUPS} groups.", "groups")
    known = await by_ids(actor, list(groups))
    for place, group_id in enumerate(groups):
        if group_id not in known:
            raise not_found("group", "groups", str(place))


async def _received(actor: Actor, source: Source) -> Upload:
    if isinstance(source, Inline):
        return await uploads.keep_text(actor, check_inline(source.text))
    return await uploads.received(actor, source.upload_id, "source", "upload")


async def _columns(actor: Actor, upload: Upload, chosen: Sequence[Chosen] | None) -> tuple[Column, ...]:
    topics = {topic.key for topic in await accounts.topics(actor)}

    def look() -> tuple[list[str | None], tuple[str, ...]]:
        assert upload.object is not None
        try:
            with storage.reader(upload.object) as file:
                table = read_table(file)
                beginning = table.first(_BEGINNING)
        except DomainError as error:
            raise error.under("source") from None
        return fields_of(table, beginning, chosen, topics), table.header

    fields, header = await asyncio.to_thread(look)
    check_identifying(fields)
    return placed(fields, header)


def _plan(new: NewImport, upload: Upload, columns: tuple[Column, ...]) -> ImportPlan:
    assert upload.object is not None
    return ImportPlan(
        object=upload.object,
        columns=columns,
        granted=new.granted,
        proof=proof(new.evidence),
        channels=tuple(channel for channel in Channel if channel in new.channels),
        groups=tuple(dict.fromkeys(map(str, new.groups))),
        new_group=None if new.new_group is None else group_rules.name(new.new_group),
        tags=tuple(rules.tags(new.tags)),
        on_existing=new.on_existing,
        dry_run=new.dry_run,
    )


def _summary(new: NewImport, upload: Upload) -> str:
    how = "with permission" if new.granted else "without permission"
    words = "Try to import" if new.dry_run else "Import"
    return f"{words} contacts from “{upload.filename}” ({how})"


def _given(new: NewImport) -> dict[str, Any]:
    source = {"csv": new.source.text} if isinstance(new.source, Inline) else {"upload": str(new.source.upload_id)}
    return {
        "source": source,
        "granted": new.granted,
        "evidence": new.evidence and asdict(new.evidence),
        "columns": None if new.columns is None else [[column.column, column.field] for column in new.columns],
        "channels": sorted(new.channels),
        "groups": sorted(map(str, new.groups)),
        "new_group": new.new_group,
        "tags": sorted(new.tags),
        "on_existing": new.on_existing,
        "dry_run": new.dry_run,
    }

"""Bring opt-outs in from another system: put on record at once, worked off by a worker."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.errors import DomainError
from domain.files import uploads
from domain.files.uploads import Upload
from domain.imports.reading.table import read_table
from domain.imports.source import Inline, Source, check_inline
from domain.infra import storage
from domain.infra.db import tx
from domain.values import Channel

_WORDS = {Channel.EMAIL: "email", Channel.SMS: "SMS", Channel.CALL: "calls", Channel.POST: "post"}


@dataclass(frozen=True, slots=True)
class NewSuppressions:
    """A list of opt-outs, as in `ImportSuppressionsInput`. `hashed`: it holds SHA-256 of lower-cased addresses."""

    source: Source
    channel: Channel = Channel.EMAIL
    hashed: bool = False
    idempotency_key: str | None = None


async def import_suppressions(actor: Actor, new: NewSuppressions) -> Operation:
    """Put a list of opt-outs on record and wake a worker. Its addresses stand OPTED_OUT on every path; no contacts.

    The same key and input give the same operation back before any other check. Raises DomainError: NOT_FOUND and
    REQUIRED for the upload, TOO_LARGE, INVALID for what is no list, CONFLICT for the idempotency key.
    """

    async def check(_now: datetime) -> Asked:
        upload = await _received(actor, new.source)
        await asyncio.to_thread(_check_list, upload)
        async with tx() as connection:
            await uploads.take(connection, actor.account_id, upload.id, "source", "upload")
        change = {"object": upload.object, "channel": new.channel, "hashed": new.hashed, "file": upload.filename}
        how = " (SHA-256)" if new.hashed else ""
        return Asked(f"Bring in opt-outs of {_WORDS[new.channel]} from “{upload.filename}”{how}", change, {})

    return await start(actor, Wish(BulkKind.SUPPRESS, _given(new), new.idempotency_key), check)


async def _received(actor: Actor, source: Source) -> Upload:
    if isinstance(source, Inline):
        return await uploads.keep_text(actor, check_inline(source.text))
    return await uploads.received(actor, source.upload_id, "source", "upload")


def _check_list(upload: Upload) -> None:
    assert upload.object is not None
    try:
        with storage.reader(upload.object) as file:
            read_table(file)
    except DomainError as error:
        raise error.under("source") from None


def _given(new: NewSuppressions) -> dict[str, Any]:
    source = {"csv": new.source.text} if isinstance(new.source, Inline) else {"upload": str(new.source.upload_id)}
    return {"source": source, "channel": new.channel, "hashed": new.hashed}

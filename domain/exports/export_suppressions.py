"""Write the opt-outs alone out, for another system: addresses, or their SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.exports.fields import TIME, safe
from domain.exports.query import Rows, line, members
from domain.exports.values import ExportFormat
from domain.values import Channel

# As `address_hash` lower-cases: by Unicode's full mapping.
_HASH = """encode(sha256(convert_to(lower(a.value COLLATE "pg_unicode_fast"), 'UTF8')), 'hex')"""
_WHOM = """FROM address a
WHERE a.account_id = $1 AND a.channel = $2::channel AND a.consent = 'OPTED_OUT' AND a.value IS NOT NULL"""
_WORDS = {Channel.EMAIL: "email", Channel.SMS: "SMS", Channel.CALL: "calls", Channel.POST: "post"}


@dataclass(frozen=True, slots=True)
class NewSuppressionExport:
    """What a person asks for. `hashed`: SHA-256 of each lower-cased address, in hexadecimal, in place of it."""

    channel: Channel = Channel.EMAIL
    hashed: bool = False
    format: ExportFormat = ExportFormat.CSV
    idempotency_key: str | None = None


async def export_suppressions(actor: Actor, new: NewSuppressionExport) -> Operation:
    """Put an export of opt-outs on record and wake a worker.

    An address that was erased, or came in as a hash, is not in it: what is kept of one is keyed, and is neither the
    address nor its SHA-256. Raises DomainError CONFLICT and INVALID for the idempotency key.
    """
    change = {"of": "opt-outs", "channel": new.channel, "hashed": new.hashed, "format": new.format}

    async def check(_now: datetime) -> Asked:
        how = "their SHA-256, " if new.hashed else ""
        return Asked(f"Export the opt-outs of {_WORDS[new.channel]} ({how}{new.format})", change, {})

    return await start(actor, Wish(BulkKind.EXPORT, change, new.idempotency_key), check)


def rows(account_id: UUID, change: Mapping[str, Any], _selection: Mapping[str, Any]) -> Rows:
    """What the operation of this row writes out: a line for each address, with the moment it opted out."""
    parameters: list[Any] = [account_id, change["channel"]]
    given = list(parameters)
    at = TIME.format("a.consent_at")
    named = {"sha256": _HASH, "opted_out_at": at} if change["hashed"] else {"address": "a.value", "opted_out_at": at}
    if change["format"] == ExportFormat.CSV:
        cells, head = ", ".join(safe(sql) if sql == "a.value" else sql for sql in named.values()), line(list(named))
    else:
        cells, head = members(named, given), b""
    return Rows(f"SELECT {cells} {_WHOM}", given, head, f"SELECT count(*) {_WHOM}", parameters)

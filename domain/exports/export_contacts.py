"""Write a list out: put on record at once, written by a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.accounts import queries as accounts
from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_selection, whom
from domain.contacts import selection as selections
from domain.contacts.selection import Selection
from domain.contacts.send import Purpose
from domain.contacts.send_sql import gate
from domain.errors import not_found
from domain.exports import fields
from domain.exports.query import Rows, contacts
from domain.exports.values import ExportFormat
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class EligibleFor:
    """Only those who may be sent this, as `send_decision` would say."""

    channel: Channel
    purpose: Purpose = Purpose.BROADCAST
    topic: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        """As kept in the operation's row."""
        return {"channel": self.channel, "purpose": self.purpose, "topic": self.topic and str(self.topic)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """As read from the operation's row."""
        return cls(Channel(kept["channel"]), Purpose(kept["purpose"]), kept["topic"] and UUID(kept["topic"]))


@dataclass(frozen=True, slots=True)
class NewExport:
    """What a person asks for, as in `ExportContactsInput`. `fields` None: the default ones."""

    selection: Selection
    fields: Sequence[str] | None = None
    format: ExportFormat = ExportFormat.CSV
    eligible_for: EligibleFor | None = None
    idempotency_key: str | None = None


async def export_contacts(actor: Actor, new: NewExport) -> Operation:
    """Put an export on record and wake a worker. A selection of nobody is a file without rows.

    The same key and input give the same operation back before any other check. Raises DomainError or Refusals: what
    the selection says, INVALID, DUPLICATE and TOO_LARGE for the fields, NOT_FOUND for the topic, CONFLICT for the key.
    """
    selection = selections.to_json(new.selection)
    eligible = new.eligible_for and new.eligible_for.to_json()
    change = {"of": "contacts", "format": new.format, "eligible_for": eligible}
    given = change | {"fields": new.fields and list(new.fields), "selection": selection}

    async def check(_now: datetime) -> Asked:
        await _check(actor, new)
        words = f"Export {await whom(actor, new.selection)} ({new.format})"
        return Asked(words + _purpose(new.eligible_for), change | {"fields": _fields(new)}, selection)

    return await start(actor, Wish(BulkKind.EXPORT, given, new.idempotency_key), check)


async def _check(actor: Actor, new: NewExport) -> None:
    await check_selection(actor, new.selection)
    topics = await accounts.topics(actor)
    fields.check(_fields(new), {topic.key for topic in topics})
    topic = new.eligible_for and new.eligible_for.topic
    if topic is not None and topic not in {one.id for one in topics}:
        raise not_found("topic", "eligibleFor", "topic")


def rows(account_id: UUID, change: Mapping[str, Any], selection: Mapping[str, Any]) -> Rows:
    """What the operation of this row writes out."""
    parameters: list[Any] = [account_id]
    where = f"({selections.where(selections.from_json(dict(selection)), parameters)})"
    if change["eligible_for"]:
        for_ = EligibleFor.from_json(change["eligible_for"])
        where += f" AND {gate(for_.channel, for_.purpose, for_.topic, parameters)}"
    return contacts(ExportFormat(change["format"]), change["fields"], where, parameters)


def _fields(new: NewExport) -> list[str]:
    return list(fields.DEFAULT if new.fields is None else new.fields)


def _purpose(for_: EligibleFor | None) -> str:
    return f", those who may be sent: {for_.purpose.lower()} by {for_.channel.lower()}" if for_ else ""

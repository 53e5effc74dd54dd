"""exportContacts and exportSuppressions."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.context import Info
from api.enums import described
from api.fields import Input, mutation
from api.relay import required
from domain.actor import Scope
from domain.contacts.send import Purpose
from domain.exports import fields
from domain.exports.export_contacts import EligibleFor, NewExport, export_contacts
from domain.exports.export_suppressions import NewSuppressionExport, export_suppressions
from domain.exports.values import ExportFormat
from domain.values import Channel

described(
    ExportFormat,
    "How the file is written.",
    CSV="RFC 4180, UTF-8, a header; a cell that a spreadsheet would take for a formula is led by an apostrophe.",
    JSONL="A JSON object on each line, each field under its name.",
)
_KEY = "The same key and the same input give the same operation back; with another input: CONFLICT."


@strawberry.input(description="Only those who may be sent this, as `sendDecision` would say.")
class EligibleForInput:
    """A message."""

    channel: Channel = strawberry.field(description="On which channel: its primary address.")
    purpose: Purpose = strawberry.field(default=Purpose.BROADCAST, description="What it is for.")
    topic: strawberry.ID | None = strawberry.field(
        default=UNSET, description="About what; left out, at least one topic has to be on."
    )

    def read(self) -> EligibleFor:
        """The domain's. Raises DomainError NOT_FOUND."""
        topic = given(self.topic)
        known = None if topic is None else required("Topic", topic, "eligibleFor", "topic")
        return EligibleFor(self.channel, self.purpose, known)


@strawberry.input(description="Which contacts to write out, and what of them.")
class ExportContactsInput:
    """An export."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    fields: list[str] | None = strawberry.field(
        default=UNSET,
        description=(
            f"At most {fields.MAX_FIELDS} of: {', '.join(fields.NAMES)}; of each address "
            f"({', '.join(fields.POINTS)}) {', '.join(f'{one}:email' for one in fields.OF_POINT)}; topic:KEY; "
            f"attribute:KEY. Left out: {', '.join(fields.DEFAULT)}."
        ),
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description="How the file is written.")
    eligible_for: EligibleForInput | None = strawberry.field(
        default=UNSET, description="Only those of them who may be sent this, as they stand when the file is written."
    )
    idempotency_key: str | None = strawberry.field(default=UNSET, description=_KEY)

    def read(self) -> NewExport:
        """The domain's. Raises DomainError for a bad id."""
        for_ = given(self.eligible_for)
        eligible = None if for_ is None else for_.read()
        return NewExport(self.selection.read(), given(self.fields), self.format, eligible, given(self.idempotency_key))


@strawberry.input(description="Which opt-outs to write out.")
class ExportSuppressionsInput:
    """An export of opt-outs."""

    channel: Channel = strawberry.field(default=Channel.EMAIL, description="On which channel.")
    hashed: bool = strawberry.field(
        default=False,
        description="SHA-256 of each address (in lower case), in hexadecimal, in place of the address.",
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description="How the file is written.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=_KEY)


@strawberry.type(description="The operation, on record and waiting for a worker; its `resultUrl` leads to the file.")
class ExportContactsPayload(BulkPayload):
    """The answer."""


@strawberry.type(description="The operation, on record and waiting for a worker; its `resultUrl` leads to the file.")
class ExportSuppressionsPayload(BulkPayload):
    """The answer."""


@strawberry.type
class ExportMutation:
    """The mutations."""

    @mutation(
        Scope.BULK,
        ExportContactsPayload,
        "Writes a selection of contacts to a file, as they all stood at one moment. The operation counts the contacts "
        "written as `unchanged`.",
    )
    async def export_contacts(self, info: Info, asked: Input[ExportContactsInput]) -> ExportContactsPayload:
        """Start."""
        operation = await export_contacts(info.context.actor, asked.read())
        return ExportContactsPayload(bulk_operation=BulkOperation.of(operation))

    @mutation(
        Scope.BULK,
        ExportSuppressionsPayload,
        "Writes the addresses that opted out to a file, for another system. Addresses that were erased, or that came "
        "in as hashes or as suppressions alone, are not in it: all that is kept of them is a keyed hash, from which "
        "neither the address nor its SHA-256 can be had.",
    )
    async def export_suppressions(self, info: Info, asked: Input[ExportSuppressionsInput]) -> ExportSuppressionsPayload:
        """Start."""
        new = NewSuppressionExport(asked.channel, asked.hashed, asked.format, given(asked.idempotency_key))
        operation = await export_suppressions(info.context.actor, new)
        return ExportSuppressionsPayload(bulk_operation=BulkOperation.of(operation))

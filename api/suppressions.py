"""importSuppressions."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import given
from api.context import Info
from api.fields import Input, mutation
from api.imports.source import ImportSourceInput
from domain.actor import Scope
from domain.suppressions.import_suppressions import NewSuppressions, import_suppressions
from domain.values import Channel


@strawberry.input(
    description="Opt-outs alone, from another system: addresses or their SHA-256, one a line. Creates no contacts."
)
class ImportSuppressionsInput:
    """A list."""

    source: ImportSourceInput = strawberry.field(
        description="Where the list comes from. Of several columns, the one whose name says so is read, else the first."
    )
    channel: Channel = strawberry.field(default=Channel.EMAIL, description="What its addresses are for.")
    hashed: bool = strawberry.field(
        default=False,
        description=(
            "The list holds SHA-256 in hexadecimal: of the email address in lower case, of the phone number in E.164."
        ),
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )


@strawberry.type(description="The operation, on record and waiting for a worker.")
class ImportSuppressionsPayload(BulkPayload):
    """The answer."""


@strawberry.type
class SuppressionMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        ImportSuppressionsPayload,
        "Brings opt-outs in from another system. Addresses that contacts hold are opted out, archived or not; all "
        "others come back OPTED_OUT whenever they are brought. The operation counts lines.",
    )
    async def import_suppressions(self, info: Info, asked: Input[ImportSuppressionsInput]) -> ImportSuppressionsPayload:
        """Start."""
        new = NewSuppressions(asked.source.read(), asked.channel, asked.hashed, given(asked.idempotency_key))
        operation = await import_suppressions(info.context.actor, new)
        return ImportSuppressionsPayload(bulk_operation=BulkOperation.of(operation))

"""bulkErase."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.context import Info
from api.fields import Input, mutation
from domain.actor import Scope
from domain.bulk.erase import BulkErasure, bulk_erase


@strawberry.input(description="Whom to erase. There is no way back.")
class BulkEraseInput:
    """An erasure of many."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    expected_total: int = strawberry.field(description="Must equal the selection's size.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    def read(self) -> BulkErasure:
        """The domain's erasure. Raises DomainError for a bad id in the selection."""
        return BulkErasure(self.selection.read(), self.expected_total, given(self.idempotency_key))


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkErasePayload(BulkPayload):
    """The answer."""


@strawberry.type
class BulkEraseMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        BulkErasePayload,
        "Erases all contacts of a selection: everything personal goes, for good. Their addresses stay OPTED_OUT as "
        "keyed hashes, so that they come back opted out on every path.",
    )
    async def bulk_erase(self, info: Info, asked: Input[BulkEraseInput]) -> BulkErasePayload:
        """Start."""
        operation = await bulk_erase(info.context.actor, asked.read())
        return BulkErasePayload(bulk_operation=BulkOperation.of(operation))

"""undoBulkOperation."""

import strawberry

from api.bulk.types import BulkOperation, BulkPayload
from api.context import Info
from api.fields import Input, mutation
from api.relay import required
from domain.actor import Scope
from domain.bulk.undo import undo


@strawberry.input(description="Restores what the operation changed, where nothing else has happened since.")
class UndoBulkOperationInput:
    """An operation."""

    id: strawberry.ID = strawberry.field(description="The operation to undo. It must have ended.")


@strawberry.type(description="The undo, itself a bulk operation: on record and waiting for a worker.")
class UndoBulkOperationPayload(BulkPayload):
    """The answer."""


@strawberry.type
class UndoMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        UndoBulkOperationPayload,
        "Undoes a change of status, groups, topics or tags, or an import: what still rests on that operation goes back "
        "to what stood before, never over a recipient's act. The report says what was left alone, and why.",
    )
    async def undo_bulk_operation(self, info: Info, asked: Input[UndoBulkOperationInput]) -> UndoBulkOperationPayload:
        """Start."""
        operation = await undo(info.context.actor, required("BulkOperation", asked.id, "id"))
        return UndoBulkOperationPayload(bulk_operation=BulkOperation.of(operation))

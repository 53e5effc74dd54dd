"""Following and stopping bulk operations."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, cast

import strawberry

from api.bulk.types import BulkOperation, BulkOperationConnection, BulkOperationEdge, BulkPayload
from api.context import Info
from api.fields import Input, mutation, query, subscription
from api.relay import After, Before, First, Last, cursor, id_place, page_info, required, window
from domain.actor import Scope
from domain.bulk import queries
from domain.bulk.cancel import cancel
from domain.bulk.follow import follow
from domain.bulk.values import BulkKind


@strawberry.input(description="Which operation to stop.")
class CancelBulkOperationInput:
    """An operation."""

    id: strawberry.ID = strawberry.field(description="The operation.")


@strawberry.type(description="The operation as it stands: it stops after the part that is under way.")
class CancelBulkOperationPayload(BulkPayload):
    """The answer."""


@strawberry.type
class BulkQuery:
    """What can be read."""

    @query("The bulk operations, newest first.")
    async def bulk_operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        kind: Annotated[BulkKind | None, strawberry.argument(description="Those of one kind alone.")] = None,
    ) -> BulkOperationConnection:
        """A page of operations."""
        page = await queries.page(info.context.actor, window(first, after, last, before, id_place), kind)
        edges = [BulkOperationEdge(node=BulkOperation.of(row), cursor=cursor(str(row.id))) for row in page.rows]
        return BulkOperationConnection(
            edges=edges,
            nodes=[edge.node for edge in edges],
            page_info=page_info(page, [edge.cursor for edge in edges]),
        )


@strawberry.type
class BulkMutation:
    """What can be changed."""

    @mutation(
        Scope.BULK,
        CancelBulkOperationPayload,
        "Stops a bulk operation; what is done stays done. ALREADY_FINISHED when it has ended.",
    )
    async def cancel_bulk_operation(
        self, info: Info, asked: Input[CancelBulkOperationInput]
    ) -> CancelBulkOperationPayload:
        """Stop."""
        operation = await cancel(info.context.actor, required("BulkOperation", asked.id, "id"))
        return CancelBulkOperationPayload(bulk_operation=BulkOperation.of(operation))


@strawberry.type
class BulkSubscription:
    """What can be followed."""

    @subscription("The operation now, then each time it moves, until it ends; then the subscription completes.")
    async def bulk_operation(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The operation.")],  # noqa: A002 - its name in the API
    ) -> AsyncIterator[BulkOperation]:
        """Follow."""
        operation_id = required("BulkOperation", id, "id")
        async with aclosing(cast(Any, follow(info.context.actor, operation_id))) as snapshots:
            async for snapshot in snapshots:
                yield BulkOperation.of(snapshot)

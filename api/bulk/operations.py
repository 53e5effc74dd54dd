"""Following and stopping bulk operations."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from api.bulk.types import BulkOperation, BulkOperationConnection, BulkOperationEdge, BulkPayload
from api.context import Info
from api.fields import Input, mutation, query, subscription
from api.relay import After, First, PageInfo, cursor, page_size, read_cursor, required
from domain.actor import Scope
from domain.bulk import queries
from domain.bulk.cancel import cancel
from domain.bulk.follow import follow
from domain.bulk.values import BulkKind
from domain.errors import invalid


@strawberry.input(description="Which operation to stop.")
class CancelBulkOperationInput:
    """An operation."""

    id: strawberry.ID = strawberry.field(description="The operation.")


@strawberry.type(description="The operation as it stands: it stops after the part that is under way.")
class CancelBulkOperationPayload(BulkPayload):
    """The answer."""


def _place(after: str) -> UUID:
    (key,) = read_cursor(after, str)
    try:
        return UUID(key)
    except ValueError:
        raise invalid("This is no cursor of this list.", "after") from None


@strawberry.type
class BulkQuery:
    """What can be read."""

    @query("The bulk operations, newest first.")
    async def bulk_operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        kind: Annotated[BulkKind | None, strawberry.argument(description="Those of one kind alone.")] = None,
    ) -> BulkOperationConnection:
        """A page of operations."""
        size = page_size(first)
        rows = await queries.page(info.context.actor, size + 1, _place(after) if after is not None else None, kind)
        edges = [BulkOperationEdge(node=BulkOperation.of(row), cursor=cursor(str(row.id))) for row in rows[:size]]
        return BulkOperationConnection(
            edges=edges,
            nodes=[edge.node for edge in edges],
            page_info=PageInfo(
                has_next_page=len(rows) > size,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
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

"""Reading endpoints and their log."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry

from api.context import Info
from api.fields import query
from api.relay import After, First, PageInfo, cursor, page_size, read_cursor, required
from api.webhooks.types import Webhook, WebhookDelivery
from domain.actor import Scope
from domain.errors import invalid
from domain.webhooks import queries
from domain.webhooks.rows import DeliveryRow


@strawberry.type(description="A delivery in a page.")
class WebhookDeliveryEdge:
    """An edge."""

    node: WebhookDelivery = strawberry.field(description="The delivery.")
    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")


@strawberry.type(description="A page of deliveries, newest first.")
class WebhookDeliveryConnection:
    """A page."""

    edges: list[WebhookDeliveryEdge] = strawberry.field(description="The deliveries with their cursors.")
    nodes: list[WebhookDelivery] = strawberry.field(description="The deliveries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


@strawberry.type
class WebhookQuery:
    """What can be read."""

    @query("The account's webhooks, oldest first.", Scope.ADMIN)
    async def webhooks(self, info: Info) -> list[Webhook]:
        """All of them: they are few."""
        return [Webhook.of(row) for row in await queries.webhooks(info.context.actor)]

    @query("A webhook's latest deliveries, newest first; about 500 are kept.", Scope.ADMIN)
    async def webhook_deliveries(
        self,
        info: Info,
        webhook: Annotated[strawberry.ID, strawberry.argument(description="The webhook.")],
        first: First = None,
        after: After = None,
    ) -> WebhookDeliveryConnection:
        """A page of the log."""
        size, key = page_size(first), required("Webhook", webhook, "webhook")
        rows = await queries.log(info.context.actor, key, size + 1, _place(after) if after is not None else None)
        return _connection(rows, size, after)


def _place(after: str) -> UUID:
    try:
        return UUID(*read_cursor(after, str))
    except ValueError:
        raise invalid("This is no cursor of this list.", "after") from None


def _connection(rows: Sequence[DeliveryRow], size: int, after: str | None) -> WebhookDeliveryConnection:
    """`rows` holds one more than the page when there is more."""
    shown = rows[:size]
    edges = [WebhookDeliveryEdge(node=WebhookDelivery.of(row), cursor=cursor(str(row.id))) for row in shown]
    more = PageInfo(has_next_page=len(rows) > size, has_previous_page=after is not None)
    more.start_cursor = edges[0].cursor if edges else None
    more.end_cursor = edges[-1].cursor if edges else None
    return WebhookDeliveryConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=more)

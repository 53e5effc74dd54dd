"""Reading endpoints and their log."""

from typing import Annotated

import strawberry

from api.context import Info
from api.fields import query
from api.relay import After, Before, First, Last, PageInfo, cursor, id_place, page_info, required, window
from api.webhooks.types import Webhook, WebhookDelivery
from domain.actor import Scope
from domain.webhooks import queries


@strawberry.type(description="A delivery in a page.")
class WebhookDeliveryEdge:
    """An edge."""

    node: WebhookDelivery = strawberry.field(description="The delivery.")
    cursor: str = strawberry.field(description="Pass it as `after` or `before`.")


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
        last: Last = None,
        before: Before = None,
    ) -> WebhookDeliveryConnection:
        """A page of the log."""
        asked = window(first, after, last, before, id_place)
        page = await queries.log(info.context.actor, required("Webhook", webhook, "webhook"), asked)
        edges = [WebhookDeliveryEdge(node=WebhookDelivery.of(row), cursor=cursor(str(row.id))) for row in page.rows]
        return WebhookDeliveryConnection(
            edges=edges,
            nodes=[edge.node for edge in edges],
            page_info=page_info(page, [edge.cursor for edge in edges]),
        )

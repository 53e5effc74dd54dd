"""testWebhook and redeliverWebhook."""

import strawberry

from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation
from api.relay import required
from api.webhooks.types import WebhookDelivery
from domain.actor import Scope
from domain.webhooks import errands


@strawberry.input(description="Which endpoint to test.")
class TestWebhookInput:
    """An endpoint."""

    id: strawberry.ID = strawberry.field(description="The webhook; it may be disabled.")


@strawberry.input(description="What to send once more.")
class RedeliverWebhookInput:
    """A delivery."""

    delivery_id: strawberry.ID = strawberry.field(description="The delivery, of `webhookDeliveries`.")


@strawberry.type(description="The delivery that will be made; read it again for what became of it.")
class TestWebhookPayload:
    """The answer."""

    delivery: WebhookDelivery | None = strawberry.field(default=None, description="The delivery; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The delivery that will be made; read it again for what became of it.")
class RedeliverWebhookPayload(TestWebhookPayload):
    """The answer."""


@strawberry.type
class WebhookErrandMutation:
    """What can be asked for."""

    @mutation(Scope.ADMIN, TestWebhookPayload, "Sends an endpoint a signed test (`webhook.test`), once.")
    async def test_webhook(self, info: Info, asked: Input[TestWebhookInput]) -> TestWebhookPayload:
        """Test."""
        row = await errands.test_webhook(info.context.actor, required("Webhook", asked.id, "id"))
        return TestWebhookPayload(delivery=WebhookDelivery.of(row))

    @mutation(
        Scope.ADMIN,
        RedeliverWebhookPayload,
        "Sends a delivery once more, under its own `webhook-id`, beside the stream.",
    )
    async def redeliver_webhook(self, info: Info, asked: Input[RedeliverWebhookInput]) -> RedeliverWebhookPayload:
        """Redeliver."""
        key = required("WebhookDelivery", asked.delivery_id, "deliveryId")
        return RedeliverWebhookPayload(delivery=WebhookDelivery.of(await errands.redeliver(info.context.actor, key)))

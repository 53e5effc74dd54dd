"""createWebhook, updateWebhook, enableWebhook, disableWebhook, deleteWebhook and rotateWebhookSecret."""

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.errors import UserError
from api.feed import position_of
from api.fields import Input, mutation
from api.relay import global_id, required
from api.webhooks.types import Webhook
from domain.actor import Scope
from domain.errors import invalid
from domain.values import ConsentAction
from domain.webhooks.create import create_webhook, delete_webhook
from domain.webhooks.update import Changes, disable_webhook, enable_webhook, rotate_secret, update_webhook


@strawberry.input(description="A new endpoint.")
class CreateWebhookInput:
    """An endpoint."""

    url: str = strawberry.field(description="Where it is: https, on a public address, without credentials.")
    actions: list[ConsentAction] | None = strawberry.field(default=UNSET, description="All when left out.")
    after: str | None = strawberry.field(
        default=UNSET,
        description='Begin after this position of the ledger ("0": with its first entry); from now on when left out.',
    )


@strawberry.input(description="What to change of an endpoint. What is left out stays.")
class UpdateWebhookInput:
    """Changes."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    url: str | None = strawberry.field(default=UNSET, description="Where it is from now on.")
    actions: list[ConsentAction] | None = strawberry.field(
        default=UNSET, description="What it hears of from now on; null for all."
    )

    def read(self) -> Changes:
        """The domain's. Raises DomainError INVALID."""
        if self.url is None:
            raise invalid("The URL cannot be cleared.", "url")
        url = None if self.url is UNSET else self.url
        return Changes(url, self.actions is not UNSET, None if self.actions is UNSET else self.actions)


@strawberry.input(description="Which endpoint.")
class DeleteWebhookInput:
    """An endpoint."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="Which endpoint to deliver to again.")
class EnableWebhookInput:
    """An endpoint."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="Which endpoint not to deliver to.")
class DisableWebhookInput:
    """An endpoint."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="Which endpoint gets a new secret.")
class RotateWebhookSecretInput:
    """An endpoint."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    overlap: int | None = strawberry.field(
        default=UNSET,
        description="For how many hours the old secret signs beside the new one: 0 to 168, 24 when left out.",
    )


@strawberry.type(description="The new endpoint.")
class CreateWebhookPayload:
    """The answer."""

    webhook: Webhook | None = strawberry.field(default=None, description="The endpoint; null when refused.")
    secret: str | None = strawberry.field(default=None, description="The secret (whsec_…) is shown this once.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The endpoint with its new secret.")
class RotateWebhookSecretPayload(CreateWebhookPayload):
    """The answer."""


@strawberry.type(description="The endpoint as it stands now.")
class UpdateWebhookPayload:
    """The answer."""

    webhook: Webhook | None = strawberry.field(default=None, description="The endpoint; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The endpoint as it stands now.")
class EnableWebhookPayload(UpdateWebhookPayload):
    """The answer."""


@strawberry.type(description="The endpoint as it stands now.")
class DisableWebhookPayload(UpdateWebhookPayload):
    """The answer."""


@strawberry.type(description="What was deleted.")
class DeleteWebhookPayload:
    """The answer."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class WebhookMutation:
    """What can be changed."""

    @mutation(
        Scope.ADMIN,
        CreateWebhookPayload,
        "Has an endpoint told of every ledger entry, in order, at least once, by Standard Webhooks. 50 at most.",
    )
    async def create_webhook(self, info: Info, asked: Input[CreateWebhookInput]) -> CreateWebhookPayload:
        """Create."""
        after = None if (text := given(asked.after)) is None else position_of(text)
        made = await create_webhook(info.context.actor, asked.url, given(asked.actions), after)
        return CreateWebhookPayload(webhook=Webhook.of(made.row), secret=made.secret)

    @mutation(
        Scope.ADMIN,
        UpdateWebhookPayload,
        "Changes where an endpoint is or what it hears of. It goes on from its place.",
    )
    async def update_webhook(self, info: Info, asked: Input[UpdateWebhookInput]) -> UpdateWebhookPayload:
        """Change."""
        key = required("Webhook", asked.id, "id")
        return UpdateWebhookPayload(webhook=Webhook.of(await update_webhook(info.context.actor, key, asked.read())))

    @mutation(Scope.ADMIN, EnableWebhookPayload, "Delivers to an endpoint again, at once, from where it stopped.")
    async def enable_webhook(self, info: Info, asked: Input[EnableWebhookInput]) -> EnableWebhookPayload:
        """Enable."""
        row = await enable_webhook(info.context.actor, required("Webhook", asked.id, "id"))
        return EnableWebhookPayload(webhook=Webhook.of(row))

    @mutation(
        Scope.ADMIN, DisableWebhookPayload, "Delivers nothing to an endpoint until it is enabled; its place is kept."
    )
    async def disable_webhook(self, info: Info, asked: Input[DisableWebhookInput]) -> DisableWebhookPayload:
        """Disable."""
        row = await disable_webhook(info.context.actor, required("Webhook", asked.id, "id"))
        return DisableWebhookPayload(webhook=Webhook.of(row))

    @mutation(Scope.ADMIN, DeleteWebhookPayload, "Deletes an endpoint and its log.")
    async def delete_webhook(self, info: Info, asked: Input[DeleteWebhookInput]) -> DeleteWebhookPayload:
        """Delete."""
        key = await delete_webhook(info.context.actor, required("Webhook", asked.id, "id"))
        return DeleteWebhookPayload(deleted_id=global_id("Webhook", key))

    @mutation(
        Scope.ADMIN,
        RotateWebhookSecretPayload,
        "Gives an endpoint a new secret. While the old one overlaps, every delivery carries both signatures.",
    )
    async def rotate_webhook_secret(
        self, info: Info, asked: Input[RotateWebhookSecretInput]
    ) -> RotateWebhookSecretPayload:
        """Rotate."""
        made = await rotate_secret(info.context.actor, required("Webhook", asked.id, "id"), given(asked.overlap))
        return RotateWebhookSecretPayload(webhook=Webhook.of(made.row), secret=made.secret)

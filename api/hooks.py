"""Hooks: addresses that providers call with keywords, bounces and complaints."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import global_id, required
from domain.actor import Scope
from domain.inbound.hooks import HookRow, create_hook, delete_hook, hook_url, hooks
from domain.inbound.values import HookKind
from domain.webhooks.sealed import shown

described(
    HookKind,
    "Whose calls a hook takes.",
    name="InboundHookKind",
    TWILIO_SMS="Twilio's incoming messages, and what became of those it was given. `secret`: the account's auth token.",
    GENERIC_SMS=(
        'Any other SMS gateway: a POST of `{"from": "+49…", "text": "STOP"}`, signed as Standard Webhooks has it '
        "(`webhook-id`, `webhook-timestamp`, `webhook-signature`) with the `signingSecret` of the answer."
    ),
    AMAZON_SES="Amazon SES by way of an SNS topic. `secret`: the topic's ARN.",
    SENDGRID="Twilio SendGrid's signed event webhook. `secret`: its verification key.",
    POSTMARK=(
        "Postmark's webhooks, which are not signed: keep the address secret. `secret`, when given: `name:password` "
        "for basic authentication."
    ),
    DSN=(
        "Your own mail server: a POST of each report it gets (RFC 3464), the raw mail as it came, signed as Standard "
        "Webhooks has it with the `signingSecret` of the answer."
    ),
    MAILGUN="Mailgun's webhooks. `secret`: the HTTP webhook signing key.",
)


@strawberry.type(
    description=(
        "An address that a provider calls. Every call is verified before it counts, and counts once however often it "
        "is delivered. STOP withdraws SMS and CALL, START gives back what the recipient withdrew, HELP is answered; a "
        "hard bounce marks ERROR, a complaint or the provider's own unsubscribing withdraws, a soft bounce is counted "
        "(`ContactPoint.softBounces`). A message that came back is shown as BOUNCED."
    )
)
class InboundHook:
    """A hook."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    kind: HookKind = strawberry.field(description="Whose calls it takes.")
    url: str = strawberry.field(description="What to enter at the provider. Secret: part of it is a key.")
    confirmation_url: str | None = strawberry.field(
        description=(
            "AMAZON_SES: open this once, to confirm to Amazon that messages may come here; it is never opened by "
            "itself. Null when there is nothing to confirm."
        )
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    last_received_at: datetime | None = strawberry.field(
        description="When a genuine call last came, to within a minute; null: never."
    )

    @classmethod
    def of(cls, row: HookRow) -> "InboundHook":
        """A row as clients see it."""
        return cls(
            id=global_id("InboundHook", row.id),
            kind=row.kind,
            url=hook_url(row.token),
            confirmation_url=row.confirmation_url,
            created_at=row.created_at,
            last_received_at=row.last_received_at,
        )


@strawberry.input(description="A hook to make.")
class CreateInboundHookInput:
    """A hook."""

    kind: HookKind = strawberry.field(description="Whose calls it takes.")
    secret: str | None = strawberry.field(
        default=UNSET, description="What the provider's calls are verified with; see the kind. Never shown again."
    )


@strawberry.input(description="Which hook to take away.")
class DeleteInboundHookInput:
    """A hook."""

    id: strawberry.ID = strawberry.field(description="The hook.")


@strawberry.type(description="The new hook.")
class CreateInboundHookPayload:
    """The answer."""

    hook: InboundHook | None = strawberry.field(default=None, description="The hook; null when refused.")
    signing_secret: str | None = strawberry.field(
        default=None, description="GENERIC_SMS, DSN: what to sign with (`whsec_…`). Shown this once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The hook that is no more.")
class DeleteInboundHookPayload:
    """The answer."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class HookQuery:
    """What can be read."""

    @query("The hooks, oldest first.", Scope.ADMIN)
    async def inbound_hooks(self, info: Info) -> list[InboundHook]:
        """Every hook."""
        return [InboundHook.of(row) for row in await hooks(info.context.actor)]


@strawberry.type
class HookMutation:
    """What can be changed."""

    @mutation(
        Scope.ADMIN,
        CreateInboundHookPayload,
        "Makes an address for a provider to call. To change its secret, make another and delete this one.",
    )
    async def create_inbound_hook(self, info: Info, asked: Input[CreateInboundHookInput]) -> CreateInboundHookPayload:
        """Make a hook."""
        made = await create_hook(info.context.actor, asked.kind, given(asked.secret))
        key = made.signing_key
        return CreateInboundHookPayload(hook=InboundHook.of(made.row), signing_secret=shown(key) if key else None)

    @mutation(Scope.ADMIN, DeleteInboundHookPayload, "Takes a hook away: calls to its address find nothing.")
    async def delete_inbound_hook(self, info: Info, asked: Input[DeleteInboundHookInput]) -> DeleteInboundHookPayload:
        """Delete a hook."""
        deleted = await delete_hook(info.context.actor, required("InboundHook", asked.id, "id"))
        return DeleteInboundHookPayload(deleted_id=global_id("InboundHook", deleted))

"""createApiKey, rotateApiKey, revokeApiKey and apiKeys."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import Node, global_id, required
from domain.accounts import keys
from domain.accounts.models import ApiKey as Row
from domain.accounts.rotate_key import rotate_key
from domain.actor import Scope

described(
    Scope,
    "What a key may do. Each root field says which of these it needs.",
    name="ApiKeyScope",
    READ="Reading, and listening.",
    WRITE="Changing one contact, group or the like.",
    BULK="Changing many at once: bulk operations, imports, exports, erasing.",
    ADMIN="Everything, the account's own settings, webhooks and keys included.",
    SIGNUP="Taking sign-ups in (`signUp`) and nothing else: the only scope for a key that stands in a web page.",
)


@strawberry.type(description="A credential of the account. Its text is shown once, when it is made.")
class ApiKey(Node):
    """A key."""

    name: str = strawberry.field(description="What it is for.")
    prefix: str | None = strawberry.field(
        description="The first characters of its text, to tell keys apart; null for a text of somebody's own choosing."
    )
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    origins: list[str] = strawberry.field(description="The pages that may use it are served there; empty: any client.")
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: str | None = strawberry.field(description="The key or user that made it, as in `Viewer.actor`.")
    expires_at: datetime | None = strawberry.field(description="It works until then; null: for ever.")
    revoked_at: datetime | None = strawberry.field(
        description="It has been useless since; null when it is not revoked."
    )
    last_used_at: datetime | None = strawberry.field(description="When it was last used, within a minute.")
    replaced_by: strawberry.ID | None = strawberry.field(description="The key that `rotateApiKey` made in its place.")

    @classmethod
    def of(cls, row: Row) -> "ApiKey":
        """The API's view of a row."""
        return cls(
            id=global_id("ApiKey", row.id),
            name=row.name,
            prefix=row.prefix or None,
            scopes=[Scope(scope) for scope in row.scopes],
            origins=row.origins,
            created_at=row.created_at,
            created_by=row.actor,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
            replaced_by=global_id("ApiKey", row.replaced_by) if row.replaced_by else None,
        )


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    """A key."""

    name: str = strawberry.field(description="What it is for, for people.")
    scopes: list[Scope] = strawberry.field(description="What it may do: as little as it needs.")
    origins: list[str] | None = strawberry.field(
        default=UNSET,
        description="Only pages of these origins may use it (`https://www.example.com`); any when left out.",
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="Works until then; for ever when left out."
    )


@strawberry.input(description="Which key gets a new text.")
class RotateApiKeyInput:
    """A key."""

    id: strawberry.ID = strawberry.field(description="The key.")
    overlap: int | None = strawberry.field(
        default=UNSET,
        description="For how many hours the old text works on: 0 (it leaked) to 720, 24 when left out.",
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="The new one works until then; as long as the old one was to last when left out."
    )


@strawberry.input(description="Which key is to work no longer.")
class RevokeApiKeyInput:
    """A key."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="The new key.")
class CreateApiKeyPayload:
    """The answer."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key; null when refused.")
    key: str | None = strawberry.field(
        default=None, description="Its text, to be sent as `Authorization: Bearer …`. It is shown this once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The key in the place of the old one.")
class RotateApiKeyPayload(CreateApiKeyPayload):
    """The answer."""


@strawberry.type(description="The key as it stands now.")
class RevokeApiKeyPayload:
    """The answer."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class KeyQuery:
    """What can be read."""

    @query("The account's keys, oldest first, those that work no longer included.", Scope.ADMIN)
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """All of them: they are few."""
        return [ApiKey.of(row) for row in await keys.keys(info.context.actor)]


@strawberry.type
class KeyMutation:
    """What can be changed."""

    @mutation(Scope.ADMIN, CreateApiKeyPayload, "Makes a key. At most 200 may work at a time.")
    async def create_api_key(self, info: Info, asked: Input[CreateApiKeyInput]) -> CreateApiKeyPayload:
        """Create."""
        expires, origins = given(asked.expires_at), given(asked.origins) or ()
        made = await keys.create_key(info.context.actor, asked.name, asked.scopes, None, expires, origins)
        return CreateApiKeyPayload(api_key=ApiKey.of(made.row), key=made.text)

    @mutation(
        Scope.ADMIN,
        RotateApiKeyPayload,
        "Makes a key with the same name, scopes and origins, while the old one works on for a while.",
    )
    async def rotate_api_key(self, info: Info, asked: Input[RotateApiKeyInput]) -> RotateApiKeyPayload:
        """Rotate."""
        key = required("ApiKey", asked.id, "id")
        made = await rotate_key(info.context.actor, key, given(asked.overlap), given(asked.expires_at))
        return RotateApiKeyPayload(api_key=ApiKey.of(made.row), key=made.text)

    @mutation(Scope.ADMIN, RevokeApiKeyPayload, "Makes a key useless, within seconds. What it did stays recorded.")
    async def revoke_api_key(self, info: Info, asked: Input[RevokeApiKeyInput]) -> RevokeApiKeyPayload:
        """Revoke."""
        key = required("ApiKey", asked.id, "id")
        return RevokeApiKeyPayload(api_key=ApiKey.of(await keys.revoke_key(info.context.actor, key)))

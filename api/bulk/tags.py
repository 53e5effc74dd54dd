"""bulkUpdateTags."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.context import Info
from api.fields import Input, mutation
from domain.actor import Scope
from domain.bulk.change_tags import TagChange, bulk_change_tags


@strawberry.input(description="Which tags to add and to remove, for which contacts.")
class BulkUpdateTagsInput:
    """Tags for many."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    add: list[str] | None = strawberry.field(
        default=UNSET, description="Tags to put on. A contact has 100 at most; who would have more is skipped."
    )
    remove: list[str] | None = strawberry.field(default=UNSET, description="Tags to take off.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    def read(self) -> TagChange:
        """The domain's change. Raises DomainError for a bad id in the selection."""
        return TagChange(self.selection.read(), self.add or (), self.remove or (), given(self.idempotency_key))


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkUpdateTagsPayload(BulkPayload):
    """The answer."""


@strawberry.type
class BulkTagsMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        BulkUpdateTagsPayload,
        "Puts tags on all contacts of a selection, and takes tags off them. Under the policy STRICT the details of who "
        "opted out are LOCKED, tags included.",
    )
    async def bulk_update_tags(self, info: Info, asked: Input[BulkUpdateTagsInput]) -> BulkUpdateTagsPayload:
        """Start."""
        operation = await bulk_change_tags(info.context.actor, asked.read())
        return BulkUpdateTagsPayload(bulk_operation=BulkOperation.of(operation))

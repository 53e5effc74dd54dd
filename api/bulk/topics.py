"""bulkUpdateSubscriptions."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.contacts.subscriptions import TopicSwitchInput, read_switches
from api.context import Info
from api.fields import Input, mutation
from domain.actor import Scope
from domain.bulk.change_topics import TopicChange, bulk_change_topics


@strawberry.input(description="Which topics to switch, for which contacts.")
class BulkUpdateSubscriptionsInput:
    """Switches for many."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    subscriptions: list[TopicSwitchInput] = strawberry.field(description="The switches. Topics not named stay.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    def read(self) -> TopicChange:
        """The domain's change. Raises DomainError NOT_FOUND for a bad id."""
        return TopicChange(self.selection.read(), read_switches(self.subscriptions), given(self.idempotency_key))


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkUpdateSubscriptionsPayload(BulkPayload):
    """The answer."""


@strawberry.type
class BulkTopicsMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        BulkUpdateSubscriptionsPayload,
        "Switches topics on or off for all contacts of a selection, whatever their permission. No topic left is not "
        "an opt-out.",
    )
    async def bulk_update_subscriptions(
        self, info: Info, asked: Input[BulkUpdateSubscriptionsInput]
    ) -> BulkUpdateSubscriptionsPayload:
        """Start."""
        operation = await bulk_change_topics(info.context.actor, asked.read())
        return BulkUpdateSubscriptionsPayload(bulk_operation=BulkOperation.of(operation))

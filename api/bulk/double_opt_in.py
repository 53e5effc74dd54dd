"""bulkRequestDoubleOptIn."""

import strawberry
from strawberry import UNSET

from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import ContactSelectionInput, given
from api.context import Info
from api.fields import Input, mutation
from domain.actor import Scope
from domain.bulk.request_double_opt_in import ConfirmationRequest, bulk_request_double_opt_in


@strawberry.input(description="Whom to ask to confirm.")
class BulkRequestDoubleOptInInput:
    """Many addresses."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    slots: list[int] | None = strawberry.field(
        default=UNSET, description="Which of their email addresses; the primary when left out."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="The same key and the same input give the same operation back; with another input: CONFLICT.",
    )

    def read(self) -> ConfirmationRequest:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return ConfirmationRequest(self.selection.read(), given(self.slots), given(self.idempotency_key))


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkRequestDoubleOptInPayload(BulkPayload):
    """The answer."""


@strawberry.type
class BulkDoubleOptInMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        BulkRequestDoubleOptInPayload,
        "Mails a confirmation link to each address of a selection that may be asked: its permission is recorded "
        "(SINGLE_OPT_IN), or its owner asked within 7 days. The others are skipped, with the code that "
        "`requestDoubleOptIn` would answer; those asked a short while ago with CONFLICT.",
    )
    async def bulk_request_double_opt_in(
        self, info: Info, asked: Input[BulkRequestDoubleOptInInput]
    ) -> BulkRequestDoubleOptInPayload:
        """Start."""
        operation = await bulk_request_double_opt_in(info.context.actor, asked.read())
        return BulkRequestDoubleOptInPayload(bulk_operation=BulkOperation.of(operation))

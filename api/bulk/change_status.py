"""bulkChangeStatus and its preview."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from api import evidence
from api.bulk.types import BulkOperation, BulkOutcome, BulkPayload, outcomes
from api.contacts.filters import ContactSelectionInput, given
from api.context import Info
from api.errors import UserError
from api.evidence import EvidenceInput
from api.fields import Input, answering, mutation
from domain.actor import Scope
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.preview import preview
from domain.bulk.values import BulkStatus
from domain.values import Channel


@strawberry.input(description="Which contacts, to which status.")
class BulkChangeStatusInput:
    """A change of many."""

    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")
    status: BulkStatus = strawberry.field(description="To which status.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL], description="On which channels."
    )
    slots: list[int] | None = strawberry.field(
        default=UNSET,
        description=(
            "Which email slots to update, as in a multi-select of email fields; left out: the primary for OPTED_IN, "
            "all for the others."
        ),
    )
    evidence: EvidenceInput | None = strawberry.field(
        default=UNSET, description="How permission was obtained. OPTED_IN needs it."
    )
    include_archived: bool = strawberry.field(
        default=False,
        description="OPTED_OUT only: also withdraw archived contacts (activate, opt out, archive again, all recorded).",
    )
    expected_total: int | None = strawberry.field(
        default=UNSET,
        description=(
            "Refuses with CONFLICT when the selection holds another number of contacts than the person was shown."
        ),
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description=(
            "The same key (per account and kind) and the same input give the same operation back, before any other "
            "check; with another input: CONFLICT."
        ),
    )

    def read(self) -> BulkChange:
        """The domain's change. Raises DomainError for a bad id in the selection."""
        return BulkChange(
            self.selection.read(),
            self.status,
            self.channels,
            given(self.slots),
            evidence.read(self.evidence),
            self.include_archived,
            given(self.expected_total),
            given(self.idempotency_key),
        )


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkChangeStatusPayload(BulkPayload):
    """The answer."""


@strawberry.type(description="What a bulk change would do: `total = changed + unchanged + skipped`.")
class BulkPreview:
    """Counts."""

    total: int = strawberry.field(default=0, description="How many contacts are selected.")
    changed: int = strawberry.field(default=0, description="How many would change.")
    unchanged: int = strawberry.field(default=0, description="For how many it holds already.")
    skipped: int = strawberry.field(default=0, description="How many would be refused.")
    outcomes: list[BulkOutcome] = strawberry.field(default_factory=list, description="Why they would be refused.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the change itself would be refused; the counts are 0 then."
    )


@strawberry.type
class BulkChangeStatusQuery:
    """What can be asked before."""

    @answering(BulkPreview, "What a bulk change would do, counted exactly, with nothing changed.", Scope.READ)
    async def preview_bulk_change_status(
        self,
        info: Info,
        asked: Annotated[BulkChangeStatusInput, strawberry.argument(name="input", description="The change.")],
    ) -> BulkPreview:
        """Count."""
        counted = await preview(info.context.actor, asked.read())
        return BulkPreview(
            total=counted.total,
            changed=counted.changed,
            unchanged=counted.unchanged,
            skipped=counted.skipped,
            outcomes=outcomes(counted.outcomes),
        )


@strawberry.type
class BulkChangeStatusMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        BulkChangeStatusPayload,
        "Changes the status of all contacts of a selection, however many. Answers at once: workers do the work, the "
        "subscription `bulkOperation` tells how it goes.",
    )
    async def bulk_change_status(self, info: Info, asked: Input[BulkChangeStatusInput]) -> BulkChangeStatusPayload:
        """Start."""
        operation = await bulk_change_status(info.context.actor, asked.read())
        return BulkChangeStatusPayload(bulk_operation=BulkOperation.of(operation))

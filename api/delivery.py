"""reportDeliveryFailure."""

from collections.abc import Sequence
from uuid import UUID

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.contacts.page import wrapped_by_id
from api.contacts.types import Contact
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.feed import ConsentEvent, wrapped_events
from api.fields import Input, mutation
from domain.actor import Scope
from domain.inbound.report import report_delivery_failure
from domain.inbound.values import DeliveryFailure
from domain.ledger.events import by_positions
from domain.values import Channel

described(
    DeliveryFailure,
    "What went wrong with a delivery, for good. What may pass (a full mailbox) is not reported here.",
    HARD_BOUNCE="The address does not exist, or never takes mail: it becomes ERROR. No change of permission.",
    COMPLAINT="The recipient said it was spam: permission is withdrawn, whatever the account's policy.",
)


@strawberry.input(
    description=(
        "A hard bounce marks the address ERROR; a complaint withdraws permission, also of an address that no contact "
        "holds: it comes back OPTED_OUT on every path."
    )
)
class ReportDeliveryFailureInput:
    """A failure."""

    channel: Channel = strawberry.field(description="On which channel.")
    address: str = strawberry.field(description="The address, as your provider writes it.")
    kind: DeliveryFailure = strawberry.field(description="What went wrong.")
    detail: str | None = strawberry.field(
        default=UNSET, description="The provider's words: the ledger entry's `reason`, while a contact holds it."
    )
    message_id: str | None = strawberry.field(
        default=UNSET,
        description="HARD_BOUNCE: the `Message-ID` of the mail. That message is shown as BOUNCED; without one of ours, "
        "the last message to the address in the past five days.",
    )


@strawberry.type(description="Whom it concerns, as they stand afterwards, and the ledger entries this request made.")
class ReportDeliveryFailurePayload:
    """Loads what is asked for, and nothing for a request that was refused."""

    contact_ids: strawberry.Private[Sequence[UUID]] = ()
    positions: strawberry.Private[Sequence[int]] = ()
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")

    @strawberry.field(description="The contacts who hold the address; none for one that nobody holds.")
    async def contacts(self, info: Info) -> list[Contact]:
        """The contacts, oldest first."""
        found = await wrapped_by_id(info, self.contact_ids) if self.contact_ids else {}
        return [found[key] for key in self.contact_ids if key in found]

    @strawberry.field(description="The ledger entries this request made; none when nothing changed.")
    async def events(self, info: Info) -> list[ConsentEvent]:
        """The entries."""
        return await wrapped_events(info, await by_positions(info.context.actor, self.positions))


@strawberry.type
class DeliveryMutation:
    """The mutation."""

    @mutation(
        Scope.WRITE,
        ReportDeliveryFailurePayload,
        "Takes in a hard bounce or a complaint, for those who send through a provider that has no hook here. A "
        "complaint is recorded each time; a bounce of an address that is ERROR already, or unknown, changes nothing.",
    )
    async def report_delivery_failure(
        self, info: Info, asked: Input[ReportDeliveryFailureInput]
    ) -> ReportDeliveryFailurePayload:
        """Report."""
        reported = await report_delivery_failure(
            info.context.actor, asked.channel, asked.address, asked.kind, given(asked.detail), given(asked.message_id)
        )
        return ReportDeliveryFailurePayload(contact_ids=reported.contact_ids, positions=reported.positions)

"""Changing one contact's permission, lifecycle and deliverability: one door, seen from outside."""

import strawberry
from strawberry import UNSET

from api import evidence
from api.contacts.filters import given
from api.contacts.payload import AFTERWARDS, ContactPayload
from api.context import Info
from api.enums import described
from api.evidence import EvidenceInput
from api.fields import Input, mutation
from api.relay import required
from domain.actor import Scope
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import activate, archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.values import Channel, Deliverability

described(
    OptOutRequester,
    "Whose wish it is.",
    OPERATOR="Yours.",
    RECIPIENT="The person asked for it themselves, through you; then it always applies, and is recorded each time.",
)


@strawberry.input(description="Whom to opt in, on which channels, on what evidence.")
class OptInContactInput:
    """An opt-in."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL], description="On which channels."
    )
    slots: list[int] | None = strawberry.field(
        default=UNSET, description="Which addresses of those channels; the primary when left out."
    )
    evidence: EvidenceInput | None = strawberry.field(
        default=UNSET, description="How permission was obtained. Without it: EVIDENCE_REQUIRED."
    )


@strawberry.input(description="Whom to opt out. Leaving `slots` out withdraws every address of the channels.")
class OptOutContactInput:
    """An opt-out."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL], description="On which channels."
    )
    slots: list[int] | None = strawberry.field(
        default=UNSET, description="Which addresses of those channels; every one when left out."
    )
    reason: str | None = strawberry.field(default=UNSET, description="Kept with the ledger entry.")
    requested_by: OptOutRequester = strawberry.field(
        default=OptOutRequester.OPERATOR,
        description="RECIPIENT: the person asked for it themselves, through you; then it always applies.",
    )
    include_archived: bool = strawberry.field(
        default=False,
        description="Also withdraw an archived contact (activate, opt out, archive again, all recorded).",
    )


@strawberry.input(description="Whom to archive.")
class ArchiveContactInput:
    """A contact."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")


@strawberry.input(description="Whom to activate.")
class ActivateContactInput:
    """A contact."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")


@strawberry.input(description="Marks addresses undeliverable, or deliverable again.")
class ChangeDeliverabilityInput:
    """A change of deliverability."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    channel: Channel = strawberry.field(default=Channel.EMAIL, description="On which channel.")
    slots: list[int] | None = strawberry.field(
        default=UNSET, description="Which addresses of the channel; every one when left out."
    )
    deliverability: Deliverability = strawberry.field(description="Whether they can be reached.")
    reason: str | None = strawberry.field(default=UNSET, description="Kept with the ledger entry.")


@strawberry.type(description=AFTERWARDS)
class OptInContactPayload(ContactPayload):
    """The answer."""


@strawberry.type(description=AFTERWARDS)
class OptOutContactPayload(ContactPayload):
    """The answer."""


@strawberry.type(description=AFTERWARDS)
class ArchiveContactPayload(ContactPayload):
    """The answer."""


@strawberry.type(description=AFTERWARDS)
class ActivateContactPayload(ContactPayload):
    """The answer."""


@strawberry.type(description=AFTERWARDS)
class ChangeDeliverabilityPayload(ContactPayload):
    """The answer."""


@strawberry.type
class ConsentMutation:
    """What can be changed."""

    @mutation(Scope.WRITE, OptInContactPayload, "Records permission for a contact's addresses. All or nothing.")
    async def opt_in_contact(self, info: Info, asked: Input[OptInContactInput]) -> OptInContactPayload:
        """Opt in."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        receipt = await opt_in(
            info.context.actor, contact_id, asked.channels, given(asked.slots), evidence.read(asked.evidence)
        )
        return OptInContactPayload(receipt=receipt)

    @mutation(Scope.WRITE, OptOutContactPayload, "Withdraws permission from a contact's addresses. All or nothing.")
    async def opt_out_contact(self, info: Info, asked: Input[OptOutContactInput]) -> OptOutContactPayload:
        """Opt out."""
        receipt = await opt_out(
            info.context.actor,
            required("Contact", asked.contact_id, "contactId"),
            asked.channels,
            given(asked.slots),
            reason=given(asked.reason),
            requested_by=asked.requested_by,
            include_archived=asked.include_archived,
        )
        return OptOutContactPayload(receipt=receipt)

    @mutation(Scope.WRITE, ArchiveContactPayload, "Takes a contact out of the active total. Never touches permission.")
    async def archive_contact(self, info: Info, asked: Input[ArchiveContactInput]) -> ArchiveContactPayload:
        """Archive."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        return ArchiveContactPayload(receipt=await archive(info.context.actor, contact_id))

    @mutation(Scope.WRITE, ActivateContactPayload, "Takes an archived contact back. Never touches permission.")
    async def activate_contact(self, info: Info, asked: Input[ActivateContactInput]) -> ActivateContactPayload:
        """Activate."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        return ActivateContactPayload(receipt=await activate(info.context.actor, contact_id))

    @mutation(
        Scope.WRITE,
        ChangeDeliverabilityPayload,
        "Marks addresses undeliverable, or deliverable again. Never permission.",
    )
    async def change_deliverability(
        self, info: Info, asked: Input[ChangeDeliverabilityInput]
    ) -> ChangeDeliverabilityPayload:
        """Mark or clear."""
        receipt = await change_deliverability(
            info.context.actor,
            required("Contact", asked.contact_id, "contactId"),
            asked.deliverability,
            asked.channel,
            given(asked.slots),
            given(asked.reason),
        )
        return ChangeDeliverabilityPayload(receipt=receipt)

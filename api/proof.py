"""contactProof and exportContactData: proof of one person's permissions, and everything held about them."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation, query
from api.http.people import person_url
from api.pages.proof import proof_url
from api.relay import required
from api.scalars import JSON
from domain.actor import Scope
from domain.proof.held import held
from domain.proof.record import consent_record


@strawberry.type(description="What is held about one person's permissions, and every entry behind them.")
class ContactProof:
    """A consent record, and where to read it."""

    record: JSON = strawberry.field(
        description=(
            "A consent record in the shape of ISO/IEC TS 27560:2023, as JSON-LD with the terms of the Data Privacy "
            "Vocabulary (https://w3id.org/dpv): the account, each channel's purpose, addresses and status, and every "
            "ledger entry with its wording and evidence; then each message with the entry that its permission rested "
            "on, and what was answered to those who asked before sending (`authorizeSends`)."
        )
    )
    entries: int = strawberry.field(description="How many ledger entries are in it.")
    url: str = strawberry.field(description="The same as a page to read and print, for whoever holds the link.")
    expires_at: datetime = strawberry.field(description="When the link stops working: in a day.")


@strawberry.input(description="Whose data to export.")
class ExportContactDataInput:
    """A contact."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")


@strawberry.type(description="Where the person's data can be had.")
class ExportContactDataPayload:
    """The answer."""

    url: str | None = strawberry.field(
        default=None,
        description=(
            "A JSON file, for whoever holds the link, made anew each time it is fetched; after an erasure there is "
            "nothing. Null when refused."
        ),
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the link stops working: in a day. Null when refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class ProofQuery:
    """What can be read."""

    @query("The proof of one contact's permissions. An unknown or erased contact is NOT_FOUND.")
    async def contact_proof(
        self, info: Info, contact_id: Annotated[strawberry.ID, strawberry.argument(description="The contact.")]
    ) -> ContactProof:
        """The record."""
        everything = await held(info.context.actor, required("Contact", contact_id, "contactId"))
        url, expires_at = proof_url(everything.account.id, everything.contact.id)
        record = consent_record(everything, datetime.now(UTC))
        return ContactProof(record=JSON(record), entries=len(everything.events), url=url, expires_at=expires_at)


@strawberry.type
class ProofMutation:
    """What can be asked for."""

    @mutation(
        Scope.WRITE,
        ExportContactDataPayload,
        "Makes a link to everything held about one person, for a request of access (GDPR art. 15) or portability "
        "(art. 20): details, addresses, permissions, topics, groups, messages, sign-ups that wait, and their history "
        "with evidence.",
    )
    async def export_contact_data(self, info: Info, asked: Input[ExportContactDataInput]) -> ExportContactDataPayload:
        """Make the link."""
        actor = info.context.actor
        everything = await held(actor, required("Contact", asked.contact_id, "contactId"))
        url, expires_at = person_url(actor.account_id, everything.contact.id)
        return ExportContactDataPayload(url=url, expires_at=expires_at)

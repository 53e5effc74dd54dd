"""May this be sent, to which address, and if not, why not."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.authorize import MostRecords, SendAuthorization
from api.contacts.filters import ContactLookupInput, given
from api.contacts.page import ContactPage
from api.contacts.types import ContactPoint
from api.context import Info
from api.feed import ConsentEvent, wrapped_events
from api.fields import query
from api.relay import required
from domain.contacts.send import Purpose, SendBlock
from domain.contacts.send import SendDecision as Judged
from domain.contacts.send_past import send_decision_at
from domain.errors import invalid
from domain.ledger.events import by_positions
from domain.messages.authorized import authorizations
from domain.values import Channel, ConsentStatus


@strawberry.input(description="What is to be sent, to whom.")
class SendDecisionInput:
    """A question."""

    contact: ContactLookupInput = strawberry.field(description="To whom.")
    channel: Channel = strawberry.field(description="On which channel: its primary address.")
    purpose: Purpose = strawberry.field(description="What it is for.")
    topic: strawberry.ID | None = strawberry.field(
        default=UNSET, description="What it is about; any topic when left out."
    )
    at: datetime | None = strawberry.field(
        default=UNSET,
        description="A past instant: answered from the ledger, for whoever held the address then. Now when left out; a "
        "future one is INVALID.",
    )


@strawberry.type(
    description="May this be sent, to which address, and if not, why not: every reason, not only the first."
)
class SendDecision:
    """The answer."""

    judged: strawberry.Private[Judged]
    channel: strawberry.Private[Channel]
    at: strawberry.Private[datetime | None]
    allowed: bool = strawberry.field(description="Whether it may be sent.")
    reasons: list[SendBlock] = strawberry.field(description="Why not: every reason. Empty when allowed.")
    would_reactivate: bool = strawberry.field(description="Whether sending it activates an archived contact first.")

    address: str | None = strawberry.field(
        description="The address as text, also when the contact has it no longer; null when there is none, or it was "
        "erased since."
    )
    consent: ConsentStatus | None = strawberry.field(
        description="The address's permission at the moment that was asked about; null without an address."
    )
    certain: bool = strawberry.field(
        description="False when a past instant was asked about and the ledger cannot tell which of several emails was "
        "the primary one then. The answer then holds for each of them: it was allowed only if it was for all."
    )

    @strawberry.field(
        description="The address it would go to, as it stands now, also when it may not; null when there is none, or "
        "the contact no longer has it."
    )
    def point(self, info: Info) -> ContactPoint | None:
        """The primary address of the channel."""
        row = self.judged.point
        return ContactPoint.of(row, ContactPage(info, [row.contact_id])) if row else None

    @strawberry.field(description="The ledger entry that the answer rests on: the address's permission as it was.")
    async def decided_by(self, info: Info) -> ConsentEvent | None:
        """The address's proof."""
        if self.judged.decided_by is None:
            return None
        events = await by_positions(info.context.actor, [self.judged.decided_by])
        return (await wrapped_events(info, events))[0] if events else None

    @strawberry.field(
        description="What `authorizeSends` answered about the contact on this channel up to the moment that was asked "
        "about, newest first."
    )
    async def authorizations(self, info: Info, first: MostRecords = 20) -> list[SendAuthorization]:
        """Records."""
        if not 1 <= first <= 100:
            raise invalid("1 to 100.", "first")
        if self.judged.contact_id is None:
            return []
        upto = self.at or datetime.now(UTC)
        rows = await authorizations(info.context.actor, self.judged.contact_id, upto, self.channel, first)
        return [SendAuthorization.of(row) for row in rows]


@strawberry.type
class SendQuery:
    """What can be asked."""

    @query("May this be sent, to which address, and if not, why not.")
    async def send_decision(
        self,
        info: Info,
        asked: Annotated[SendDecisionInput, strawberry.argument(name="input", description="What is to be sent.")],
    ) -> SendDecision:
        """Judge."""
        topic = required("Topic", asked.topic, "topic") if asked.topic else None
        judged = await send_decision_at(
            info.context.actor, asked.contact.read(), asked.channel, asked.purpose, topic, given(asked.at)
        )
        return SendDecision(
            judged=judged,
            channel=asked.channel,
            at=given(asked.at),
            allowed=judged.allowed,
            reasons=list(judged.reasons),
            would_reactivate=judged.would_reactivate,
            address=judged.address,
            consent=judged.consent,
            certain=judged.certain,
        )

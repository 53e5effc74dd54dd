"""May this be sent, to which address, and if not, why not."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.contacts.filters import ContactLookupInput
from api.contacts.page import ContactPage
from api.contacts.types import ContactPoint
from api.context import Info
from api.enums import described
from api.feed import ConsentEvent, wrapped_events
from api.fields import query
from api.relay import required
from domain.contacts.send import Purpose, SendBlock, send_decision
from domain.contacts.send import SendDecision as Judged
from domain.errors import invalid
from domain.ledger.events import by_positions
from domain.values import Channel

described(
    SendBlock,
    "Why it may not be sent.",
    UNKNOWN_CONTACT="No such contact.",
    NO_ADDRESS="The contact has no address on the channel.",
    NON_MARKETABLE="No permission is known.",
    OPTED_OUT="Permission was withdrawn.",
    UNDELIVERABLE="The address cannot be reached.",
    ARCHIVED="The contact is archived.",
    TOPIC_OFF="The topic is off, or every topic when none was named.",
)


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
        description="A past instant: answered from the ledger. Now when left out. Past instants are refused as INVALID "
        "for now.",
    )


@strawberry.type(
    description="May this be sent, to which address, and if not, why not: every reason, not only the first."
)
class SendDecision:
    """The answer."""

    judged: strawberry.Private[Judged]
    allowed: bool = strawberry.field(description="Whether it may be sent.")
    reasons: list[SendBlock] = strawberry.field(description="Why not: every reason. Empty when allowed.")
    would_reactivate: bool = strawberry.field(description="Whether sending it activates an archived contact first.")

    @strawberry.field(description="The address it would go to, also when it may not; null when there is none.")
    def point(self, info: Info) -> ContactPoint | None:
        """The primary address of the channel."""
        row = self.judged.point
        return ContactPoint.of(row, ContactPage(info, [row.contact_id])) if row else None

    @strawberry.field(description="The ledger entry that the answer rests on.")
    async def decided_by(self, info: Info) -> ConsentEvent | None:
        """The address's proof."""
        if self.judged.decided_by is None:
            return None
        events = await by_positions(info.context.actor, [self.judged.decided_by])
        return (await wrapped_events(info, events))[0] if events else None


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
        if asked.at:
            raise invalid("Past instants cannot be asked about yet; leave `at` out to ask about now.", "at")
        topic = required("Topic", asked.topic, "topic") if asked.topic else None
        judged = await send_decision(info.context.actor, asked.contact.read(), asked.channel, asked.purpose, topic)
        return SendDecision(
            judged=judged,
            allowed=judged.allowed,
            reasons=list(judged.reasons),
            would_reactivate=judged.would_reactivate,
        )

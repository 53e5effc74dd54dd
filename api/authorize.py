"""authorizeSends: the gate for those who send by other means, and what it answered before."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.fields import Input, mutation
from api.relay import global_id, required, uuid_of
from domain.actor import Scope
from domain.contacts.send import Purpose, SendBlock
from domain.messages.authorize import Answer, Question, authorize_sends
from domain.messages.authorized import Authorized
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


@strawberry.input(one_of=True, description="Whom, in one of three ways: 1 to 10,000 of them.")
class AuthorizedContactsInput:
    """Contacts."""

    ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="By global id.")
    emails: list[str] | None = strawberry.field(default=UNSET, description="By an email in any slot.")
    external_ids: list[str] | None = strawberry.field(default=UNSET, description="By your own ids.")


@strawberry.input(description="What is to be sent, to whom.")
class AuthorizeSendsInput:
    """A question about many."""

    purpose: Purpose = strawberry.field(description="What it is for.")
    channel: Channel = strawberry.field(description="On which channel: the primary address of each.")
    topic: strawberry.ID | None = strawberry.field(
        default=UNSET, description="What it is about; any topic when left out."
    )
    contacts: AuthorizedContactsInput = strawberry.field(description="To whom.")

    def read(self) -> Question:
        """The domain's question. Raises DomainError NOT_FOUND for a bad topic."""
        ids = given(self.contacts.ids)
        return Question(
            self.purpose,
            self.channel,
            required("Topic", self.topic, "topic") if self.topic else None,
            None if ids is None else [uuid_of("Contact", one) for one in ids],
            given(self.contacts.emails),
            given(self.contacts.external_ids),
        )


@strawberry.type(description="May this one be sent to, at which address, and if not, why not.")
class SendAnswer:
    """An answer."""

    asked: str = strawberry.field(description="The id, email or external id, as it was given.")
    contact_id: strawberry.ID | None = strawberry.field(description="The contact; null when nobody is known by it.")
    allowed: bool = strawberry.field(description="Whether it may be sent.")
    address: str | None = strawberry.field(
        description="Where to, and nowhere else: the primary address of the channel, which may be another than was "
        "asked with. Null when there is none, and when it may not be sent."
    )
    reasons: list[SendBlock] = strawberry.field(description="Why not: every reason. Empty when allowed.")
    activated: bool = strawberry.field(description="Whether the contact was archived, and was activated for it.")

    @classmethod
    def of(cls, asked: str, answer: Answer) -> "SendAnswer":
        """An answer as clients see it."""
        return cls(
            asked=asked,
            contact_id=global_id("Contact", answer.contact_id) if answer.contact_id else None,
            allowed=answer.allowed,
            address=answer.address if answer.allowed else None,
            reasons=list(answer.reasons),
            activated=answer.activated,
        )


@strawberry.type(description="The answers, and where they are on record.")
class AuthorizeSendsPayload:
    """The answer."""

    authorization: strawberry.ID | None = strawberry.field(
        default=None, description="The record: `SendDecision.authorizations` shows it again. Null when refused."
    )
    answered_at: datetime | None = strawberry.field(
        default=None, description="The moment that the answers hold for: send at once. Null when refused."
    )
    answers: list[SendAnswer] = strawberry.field(
        default_factory=list, description="One for each that was asked about, in that order."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="What was answered once about one contact, and to whom.")
class SendAuthorization:
    """A record."""

    id: strawberry.ID = strawberry.field(description="As `authorizeSends` answered it.")
    actor: str = strawberry.field(description="The key or user that asked.")
    answered_at: datetime = strawberry.field(description="When.")
    purpose: Purpose = strawberry.field(description="What it was for.")
    channel: Channel = strawberry.field(description="On which channel.")
    allowed: bool = strawberry.field(description="Whether it might be sent.")
    reasons: list[SendBlock] = strawberry.field(description="Why not.")
    activated: bool = strawberry.field(description="Whether the contact was activated for it.")
    address: str | None = strawberry.field(
        description="The address that was judged; null when there was none, or it was erased since."
    )
    topic_id: strawberry.ID | None = strawberry.field(description="What it was about; null: any topic.")

    @classmethod
    def of(cls, row: Authorized) -> "SendAuthorization":
        """A record as clients see it."""
        return cls(
            id=global_id("SendAuthorization", row.id),
            actor=row.actor,
            answered_at=row.answered_at,
            purpose=row.purpose,
            channel=row.channel,
            allowed=row.allowed,
            reasons=list(row.reasons),
            activated=row.activated,
            address=row.address,
            topic_id=global_id("Topic", row.topic_id) if row.topic_id else None,
        )


MostRecords = Annotated[int, strawberry.argument(description="How many at most: 1 to 100.")]


@strawberry.type
class AuthorizeMutation:
    """What can be asked."""

    @mutation(
        Scope.BULK,
        AuthorizeSendsPayload,
        "May this be sent to each of up to 10,000 contacts now, and to which address? For those who send through "
        "another provider: ask here right before. Archived contacts whom a JOURNEY or a TRANSACTIONAL message may be "
        "sent are activated. What was asked, by whom, and what was answered is kept on record.",
    )
    async def authorize_sends(self, info: Info, asked: Input[AuthorizeSendsInput]) -> AuthorizeSendsPayload:
        """Ask."""
        made = await authorize_sends(info.context.actor, asked.read())
        whom = next(found for one in vars(asked.contacts).values() if (found := given(one)) is not None)
        return AuthorizeSendsPayload(
            authorization=global_id("SendAuthorization", made.id),
            answered_at=made.answered_at,
            answers=[SendAnswer.of(text, answer) for text, answer in zip(whom, made.answers, strict=True)],
        )

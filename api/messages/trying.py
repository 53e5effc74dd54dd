"""See a template before anybody is written to: previewed, or sent to an address of one's own."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from api.contacts.filters import ContactLookupInput, given
from api.context import Info
from api.errors import UserError, user_errors
from api.fields import Input, mutation, query
from api.messages.templates import TemplateMessageInput
from api.relay import required
from api.scalars import JSON
from domain.actor import Scope
from domain.errors import Refusals, invalid
from domain.messages.forms import Form
from domain.messages.preview import Draft, To, preview_template
from domain.messages.tried import send_test_message
from domain.values import Channel


@strawberry.input(description="A template that is not kept yet; as for `createTemplate`.")
class TemplateDraftInput:
    """A draft."""

    message: TemplateMessageInput = strawberry.field(description="What it says.")
    channel: Channel = strawberry.field(default=Channel.EMAIL, description="EMAIL or SMS.")
    opt_out_words: bool = strawberry.field(default=False, description="SMS: put “Reply STOP to opt out.” below it.")
    marketing: bool = strawberry.field(default=True, description="Whether it is for broadcasts and journeys.")
    fields: list[str] = strawberry.field(default_factory=list, description="Not marketing: names of its own.")

    def read(self) -> Draft:
        """The domain's."""
        return Draft(self.message.read(), self.marketing, self.fields, Form(self.channel, self.opt_out_words))


@strawberry.input(one_of=True, description="A kept template, or one that is not kept yet. Exactly one.")
class TemplateOrDraftInput:
    """A template."""

    id: strawberry.ID | None = strawberry.field(default=UNSET, description="A kept one.")
    draft: TemplateDraftInput | None = strawberry.field(default=UNSET, description="One that is not kept yet.")

    def read(self) -> UUID | Draft:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return self.draft.read() if self.draft else required("Template", self.id or "", "template")


def _to(contact: ContactLookupInput | None, topic: strawberry.ID | None, data: object) -> To:
    texts = {} if data is None else data
    if not isinstance(texts, dict):
        raise invalid("Bring an object: a text for each field.", "data")
    return To(contact.read() if contact else None, required("Topic", topic, "topic") if topic else None, texts)


@strawberry.input(description="Which template, filled in for whom.")
class PreviewTemplateInput:
    """A template and a contact."""

    template: TemplateOrDraftInput = strawberry.field(description="The template.")
    contact: ContactLookupInput | None = strawberry.field(
        default=UNSET, description="For whom; somebody made up when left out."
    )
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="What it is about.")
    data: JSON | None = strawberry.field(
        default=UNSET, description="Texts for the template's own fields; one that is left out shows its name."
    )

    def to(self) -> To:
        """For whom. Raises DomainError."""
        return _to(given(self.contact), given(self.topic), given(self.data))


@strawberry.type(
    description="What a message would say, with its foot when there are no problems. Its links do nothing. Show the "
    "HTML in a sandboxed frame: an account writes what it likes into it."
)
class TemplatePreview:
    """A message."""

    subject: str | None = strawberry.field(description="The subject; null for SMS, or when it cannot be filled in.")
    text: str | None = strawberry.field(description="The plain text; null when it cannot be filled in.")
    html: str | None = strawberry.field(description="The HTML; null for SMS, or when it cannot be filled in.")
    problems: list[UserError] = strawberry.field(
        description="Why the template would be refused, or what the account lacks; `field` as in `createTemplate`."
    )


@strawberry.input(description="Which template, to which address.")
class SendTestMessageInput:
    """A template and an address."""

    template: TemplateOrDraftInput = strawberry.field(description="The template.")
    to: str = strawberry.field(description="The address: an email, or a phone number for SMS.")
    contact: ContactLookupInput | None = strawberry.field(
        default=UNSET, description="With whose details; somebody's made up when left out."
    )
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="What it is about.")
    data: JSON | None = strawberry.field(
        default=UNSET, description="Texts for the template's own fields; one that is left out shows its name."
    )

    def read(self) -> To:
        """With whose details. Raises DomainError."""
        return _to(given(self.contact), given(self.topic), given(self.data))


@strawberry.type(description="Where the test went.")
class SendTestMessagePayload:
    """The answer."""

    sent_to: str | None = strawberry.field(
        default=None, description="The address in its normal form, once the server took the message; null when refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class TryingQuery:
    """What can be read."""

    @query("What a message would say to a contact, or to somebody made up, and what is wrong with its template.")
    async def preview_template(
        self,
        info: Info,
        asked: Annotated[PreviewTemplateInput, strawberry.argument(name="input", description="Which, for whom.")],
    ) -> TemplatePreview:
        """Fill in."""
        found = await preview_template(info.context.actor, asked.template.read(), asked.to())
        problems = user_errors(Refusals(list(found.problems)))
        return TemplatePreview(subject=found.subject, text=found.text, html=found.html, problems=problems)


@strawberry.type
class TryingMutation:
    """What can be sent to see it."""

    @mutation(
        Scope.BULK,
        SendTestMessagePayload,
        "Sends a template to an address of your own, marked as a test, at once. Its links do nothing; it is counted "
        "nowhere, and carries no List-Unsubscribe. Refused to an address that opted out. At most 20 an hour.",
    )
    async def send_test_message(self, info: Info, asked: Input[SendTestMessageInput]) -> SendTestMessagePayload:
        """Send."""
        sent_to = await send_test_message(info.context.actor, asked.template.read(), asked.read(), asked.to)
        return SendTestMessagePayload(sent_to=sent_to)

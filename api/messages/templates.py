"""Templates of broadcasts and of transactional mail."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import Node, global_id, required
from domain.actor import Scope
from domain.mail.template import FILTERS
from domain.messages import templates as keeping
from domain.messages.forms import Form
from domain.messages.journeys.words import NAMES, Templates
from domain.messages.wording import OF_ALL
from domain.values import Channel


@strawberry.type(description="A mail or a text message as you wrote it: sandboxed Jinja2.")
class Template(Node):
    """A template."""

    key: str = strawberry.field(description="Its name for programs; unique in the account.")
    name: str = strawberry.field(description="Its name for people.")
    channel: Channel = strawberry.field(description="On which channel it goes: EMAIL or SMS.")
    marketing: bool = strawberry.field(
        description="True: for broadcasts, both parts hold the link to leave. False: for `sendTransactional`."
    )
    opt_out_words: bool = strawberry.field(
        description="SMS: “Reply STOP to opt out.” is put below it, in the account's language."
    )
    fields: list[str] = strawberry.field(description="Names of its own, which `sendTransactional` brings texts for.")
    subject: str = strawberry.field(description="The subject's template; empty for SMS.")
    text: str = strawberry.field(description="The plain text's template.")
    html: str = strawberry.field(description="The HTML's template; empty for SMS.")
    version: int = strawberry.field(description="Counts the changes of its words, from 1.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: keeping.Template) -> "Template":
        """A row as clients see it."""
        return cls(
            id=global_id("Template", row.id),
            key=row.key,
            name=row.name,
            channel=row.channel,
            marketing=row.marketing,
            opt_out_words=row.opt_out_words,
            fields=list(row.fields),
            subject=row.subject,
            text=row.text,
            html=row.html,
            version=row.version,
            created_at=row.created_at,
        )


@strawberry.input(
    description="What a template that is not marketing says: sandboxed Jinja2 with the names "
    f"{', '.join(OF_ALL)} and its own fields; a marketing one with {', '.join(NAMES)}. `if`, and the filters "
    f"{', '.join(sorted(FILTERS))}."
)
class TemplateMessageInput:
    """A mail."""

    subject: str | None = strawberry.field(default=UNSET, description="The subject; none for SMS.")
    text: str = strawberry.field(description="The plain text. Marketing: it must show `{{ unsubscribe }}`.")
    html: str | None = strawberry.field(
        default=UNSET,
        description="The HTML, values escaped; none for SMS. Marketing: it must show `{{ unsubscribe }}`.",
    )

    def read(self) -> Templates:
        """The domain's."""
        return Templates(given(self.subject) or "", self.text, given(self.html) or "")


@strawberry.input(description="A new template.")
class CreateTemplateInput:
    """A template."""

    key: str = strawberry.field(description="Its name for programs: a-z, 0-9 and _; unique, never changed.")
    name: str = strawberry.field(description="Its name for people.")
    message: TemplateMessageInput = strawberry.field(description="What it says.")
    channel: Channel = strawberry.field(
        default=Channel.EMAIL,
        description="EMAIL or SMS: a text alone, of at most 1,600 characters. It stays.",
    )
    opt_out_words: bool = strawberry.field(
        default=False,
        description="SMS: put “Reply STOP to opt out.” below it, in the account's language. Marketing needs this, or "
        "`{{ unsubscribe }}` in the text.",
    )
    marketing: bool = strawberry.field(
        default=True, description="Whether it is for broadcasts; then both parts must hold the link to leave."
    )
    fields: list[str] = strawberry.field(
        default_factory=list, description="Not marketing: names of its own, 50 at most. Any other name is refused."
    )


@strawberry.input(description="What to change of a template. What is left out stays.")
class UpdateTemplateInput:
    """Changes."""

    id: strawberry.ID = strawberry.field(description="The template.")
    name: str | None = strawberry.field(default=UNSET, description="Its name for people.")
    message: TemplateMessageInput | None = strawberry.field(
        default=UNSET,
        description="What it says from now on. What was asked for before keeps its words; a journey says the new ones.",
    )


@strawberry.type(description="The new template.")
class CreateTemplatePayload:
    """The answer."""

    template: Template | None = strawberry.field(default=None, description="The template; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The template as it stands afterwards.")
class UpdateTemplatePayload:
    """The answer."""

    template: Template | None = strawberry.field(default=None, description="The template; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class TemplateQuery:
    """What can be read."""

    @query("The account's templates, oldest first: 500 at most.")
    async def templates(self, info: Info) -> list[Template]:
        """All of them."""
        return [Template.of(row) for row in await keeping.templates(info.context.actor)]


@strawberry.type
class TemplateMutation:
    """What can be changed."""

    @mutation(Scope.ADMIN, CreateTemplatePayload, "Keeps a template.")
    async def create_template(self, info: Info, asked: Input[CreateTemplateInput]) -> CreateTemplatePayload:
        """Create."""
        row = await keeping.create_template(
            info.context.actor,
            asked.key,
            asked.name,
            asked.message.read(),
            marketing=asked.marketing,
            fields=asked.fields,
            form=Form(asked.channel, asked.opt_out_words),
        )
        return CreateTemplatePayload(template=Template.of(row))

    @mutation(Scope.ADMIN, UpdateTemplatePayload, "Changes a template.")
    async def update_template(self, info: Info, asked: Input[UpdateTemplateInput]) -> UpdateTemplatePayload:
        """Change."""
        said = given(asked.message)
        row = await keeping.update_template(
            info.context.actor,
            required("Template", asked.id, "id"),
            given(asked.name),
            None if said is None else said.read(),
        )
        return UpdateTemplatePayload(template=Template.of(row))

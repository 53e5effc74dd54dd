"""Double opt-in for one contact, and the mail that asks for it."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from api.accounts import Account
from api.contacts.filters import given
from api.contacts.payload import AFTERWARDS, ContactPayload
from api.context import Info
from api.errors import UserError
from api.fields import Input, answering, mutation
from api.relay import required
from domain.actor import Scope
from domain.confirmations.mail import preview_confirmation_mail, update_confirmation_mail
from domain.confirmations.request import request_double_opt_in
from domain.confirmations.words import LISTS, NAMES, Templates
from domain.mail.template import FILTERS
from domain.recipients.words import LANGUAGES, language

_TEMPLATE = (
    f"Sandboxed Jinja2: the names {', '.join((*NAMES, *LISTS))}; `if`; `for topic in topics`; the filters "
    f"{', '.join(sorted(FILTERS))}."
)


@strawberry.input(description="Whom to ask.")
class RequestDoubleOptInInput:
    """An address."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    slot: int = strawberry.field(default=1, description="Which of its email addresses: 1 is the primary.")


@strawberry.type(description=AFTERWARDS)
class RequestDoubleOptInPayload(ContactPayload):
    """The answer."""


@strawberry.input(
    description="The account's own confirmation mail: sandboxed Jinja2, refused unless both parts hold the "
    "confirmation link."
)
class UpdateConfirmationMailInput:
    """Templates."""

    subject: str = strawberry.field(description=f"The subject. {_TEMPLATE}")
    text: str = strawberry.field(description="The plain text. It must show `{{ link }}`, whatever the case.")
    html: str = strawberry.field(
        description='The HTML; values are escaped. It must hold `<a href="{{ link }}">`, whatever the case.'
    )

    def read(self) -> Templates:
        """The domain's."""
        return Templates(self.subject, self.text, self.html)


@strawberry.type(description="The account as it stands afterwards.")
class UpdateConfirmationMailPayload:
    """The answer."""

    account: Account | None = strawberry.field(default=None, description="The account; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="A confirmation mail as somebody called Anna would get it. Nothing is sent.")
class ConfirmationMailPreview:
    """The words."""

    subject: str | None = strawberry.field(default=None, description="The subject; null when refused.")
    text: str | None = strawberry.field(default=None, description="The plain text; null when refused.")
    html: str | None = strawberry.field(
        default=None, description="The HTML; show it in a sandboxed frame alone. Null when refused."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why these templates would be refused."
    )


@strawberry.type
class ConfirmationQuery:
    """What can be read."""

    @answering(
        ConfirmationMailPreview,
        "The account's confirmation mail with sample values: as it is set, or as `input` would have it.",
        Scope.READ,
    )
    async def preview_confirmation_mail(
        self,
        info: Info,
        asked: Input[UpdateConfirmationMailInput | None] = UNSET,
        lang: Annotated[str, strawberry.argument(description="The language of the default mail, such as `de`.")] = "en",
    ) -> ConfirmationMailPreview:
        """Fill in."""
        templates = given(asked)
        read = None if templates is None else templates.read()
        said = await preview_confirmation_mail(info.context.actor, read, language(lang))
        return ConfirmationMailPreview(subject=said.subject, text=said.text, html=said.html)


@strawberry.type
class ConfirmationMutation:
    """What can be done."""

    @mutation(
        Scope.WRITE,
        RequestDoubleOptInPayload,
        "Mails a confirmation link to an address whose permission is already recorded (SINGLE_OPT_IN), or whose owner "
        "asked for it on a form or in the preference centre within the last 7 days. An address is asked once in 10 "
        "minutes and 5 times a day at most, else CONFLICT.",
    )
    async def request_double_opt_in(
        self, info: Info, asked: Input[RequestDoubleOptInInput]
    ) -> RequestDoubleOptInPayload:
        """Ask."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        receipt = await request_double_opt_in(info.context.actor, contact_id, asked.slot)
        return RequestDoubleOptInPayload(receipt=receipt)

    @mutation(
        Scope.ADMIN,
        UpdateConfirmationMailPayload,
        "Sets the account's own confirmation mail, in place of the default one. Three empty texts go back to that: it "
        f"is in the recipient's language ({', '.join(LANGUAGES.values())}).",
    )
    async def update_confirmation_mail(
        self, info: Info, asked: Input[UpdateConfirmationMailInput]
    ) -> UpdateConfirmationMailPayload:
        """Set it."""
        account = await update_confirmation_mail(info.context.actor, asked.read())
        return UpdateConfirmationMailPayload(account=Account.of(account))

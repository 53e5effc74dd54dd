"""Sign-up forms: pages of ours, and addresses that a plain form of any page may post to."""

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import global_id, required, required_all
from domain.actor import Actor, Scope
from domain.infra.settings import settings
from domain.recipients.links import link
from domain.recipients.tokens import Purpose, issue
from domain.signups import forms
from domain.values import Channel

_KIND = "SignUpForm"


@strawberry.type(description="A sign-up form: a page of ours, and where a plain HTML form of yours may post to.")
class SignUpForm:
    """A form."""

    id: strawberry.ID = strawberry.field(description="Opaque and stable.")
    name: str = strawberry.field(description="What you call it; recipients do not see it.")
    wording: str = strawberry.field(description="The words people agree to, kept as evidence with each sign-up.")
    page_url: str | None = strawberry.field(description="Where your form stands; what the browser says when null.")
    return_url: str | None = strawberry.field(description="Where people go afterwards; a page of ours when null.")
    channels: list[Channel] = strawberry.field(description="What it asks for: EMAIL, and a number for SMS and CALL.")
    topics: list[strawberry.ID] = strawberry.field(description="The topics it offers.")
    double_opt_in: bool = strawberry.field(description="Whether a confirmation is asked for by mail.")
    page: str = strawberry.field(description="The hosted page. It works without JavaScript.")
    action: str = strawberry.field(
        description='For `<form method="post" action="…">` on a page of yours, urlencoded: `email`, and if you like '
        "`first_name`, `last_name`, `phone`, `topic` (one or more, as in `topicValues`) and `website`, a field that "
        "people do not see and that must stay empty."
    )
    topic_values: list[str] = strawberry.field(description="The values of the field `topic`, in the order of `topics`.")

    @classmethod
    def of(cls, actor: Actor, form: forms.Form) -> "SignUpForm":
        """A form as clients see it."""
        return cls(
            id=global_id(_KIND, form.id),
            name=form.name,
            wording=form.wording or "",
            page_url=form.page_url,
            return_url=form.return_url,
            channels=list(form.channels),
            topics=[global_id("Topic", topic) for topic in form.topics],
            double_opt_in=form.double_opt_in,
            page=link(Purpose.SIGNUP, actor.account_id, form.id),
            action=f"{settings().base_url}/forms/{issue(Purpose.SIGNUP, actor.account_id, form.id)}",
            topic_values=[str(topic) for topic in form.topics],
        )


@strawberry.input(description="A new sign-up form.")
class CreateSignUpFormInput:
    """A form."""

    name: str = strawberry.field(description="What you call it.")
    wording: str = strawberry.field(description="The words people agree to, 10 to 4,000 characters.")
    page_url: str | None = strawberry.field(default=UNSET, description="Where your form stands, as evidence.")
    return_url: str | None = strawberry.field(default=UNSET, description="Where people go afterwards.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL], description="EMAIL, and SMS and CALL if you like."
    )
    topics: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="All when left out.")
    double_opt_in: bool = strawberry.field(default=True, description="Ask for confirmation by mail.")

    def read(self, actor: Actor) -> forms.Form:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return forms.Form(
            actor.account_id,
            self.name,
            self.wording,
            given(self.page_url),
            given(self.return_url),
            self.channels,
            required_all("Topic", given(self.topics) or [], "topics"),
            self.double_opt_in,
        )


@strawberry.type(description="The new form.")
class CreateSignUpFormPayload:
    """The answer."""

    form: SignUpForm | None = strawberry.field(default=None, description="The form; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.input(description="Which form to take away.")
class DeleteSignUpFormInput:
    """A form."""

    id: strawberry.ID = strawberry.field(description="The form.")


@strawberry.type(description="What was taken away. What people signed stays recorded.")
class DeleteSignUpFormPayload:
    """The answer."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The form; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class SignUpFormQuery:
    """What can be read."""

    @query("The account's hosted sign-up page, which it has without setting anything up.")
    def sign_up_page(self, info: Info) -> str:
        """Its address."""
        account_id = info.context.actor.account_id
        return link(Purpose.SIGNUP, account_id, account_id)

    @query("The sign-up forms that the account has set up, oldest first.")
    async def sign_up_forms(self, info: Info) -> list[SignUpForm]:
        """All of them: they are few."""
        actor = info.context.actor
        return [SignUpForm.of(actor, form) for form in await forms.forms(actor)]


@strawberry.type
class SignUpFormMutation:
    """What can be changed."""

    @mutation(Scope.ADMIN, CreateSignUpFormPayload, "Adds a sign-up form.")
    async def create_sign_up_form(self, info: Info, asked: Input[CreateSignUpFormInput]) -> CreateSignUpFormPayload:
        """Add one."""
        actor = info.context.actor
        return CreateSignUpFormPayload(form=SignUpForm.of(actor, await forms.create_form(actor, asked.read(actor))))

    @mutation(Scope.ADMIN, DeleteSignUpFormPayload, "Takes a sign-up form away; its page stops working.")
    async def delete_sign_up_form(self, info: Info, asked: Input[DeleteSignUpFormInput]) -> DeleteSignUpFormPayload:
        """Take it away."""
        form_id = await forms.delete_form(info.context.actor, required(_KIND, asked.id, "id"))
        return DeleteSignUpFormPayload(deleted_id=global_id(_KIND, form_id))

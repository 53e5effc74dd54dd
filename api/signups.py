"""signUp: what a form on a web page sends."""

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation
from api.relay import required_all
from domain.actor import Scope
from domain.recipients.words import LANGUAGES, language
from domain.signups.sign_up import SignUp, sign_up
from domain.values import Channel


@strawberry.input(
    description="What a sign-up form on a web page sends, with a key of scope `signup`. The answer is the same whether "
    "or not the address is known. It never lifts an opt-out by itself: that takes the confirmation link."
)
class SignUpInput:
    """A sign-up."""

    email: str | None = strawberry.field(default=UNSET, description="Needed for the channel EMAIL.")
    phone: str | None = strawberry.field(
        default=UNSET, description="Needed for SMS and CALL. Tied to a known contact once they confirm."
    )
    first_name: str | None = strawberry.field(default=UNSET, description="For a new contact; a known one keeps theirs.")
    last_name: str | None = strawberry.field(default=UNSET, description="For a new contact; a known one keeps theirs.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL], description="What the person agreed to: EMAIL, SMS, CALL."
    )
    topics: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="What to switch on: at once, or when it is confirmed."
    )
    form_url: str = strawberry.field(description="Where the form stands. Kept as evidence.")
    wording: str = strawberry.field(description="The words the person agreed to. Kept as evidence.")
    double_opt_in: bool = strawberry.field(
        default=True, description="Ask for confirmation by mail before the permission counts as DOUBLE_OPT_IN."
    )
    language: str | None = strawberry.field(
        default=UNSET, description=f"The mail's language: {', '.join(LANGUAGES)}; left out, not known."
    )
    trap: str | None = strawberry.field(
        default=UNSET,
        description="A field of your form that people do not see. Whoever fills it in is no person, and is dropped.",
    )

    def read(self) -> SignUp:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        spoken = given(self.language)
        return SignUp(
            self.form_url,
            self.wording,
            given(self.email),
            given(self.phone),
            given(self.first_name),
            given(self.last_name),
            self.channels,
            required_all("Topic", given(self.topics) or [], "topics"),
            self.double_opt_in,
            spoken and language(spoken),
            given(self.trap),
        )


@strawberry.type(description="The same for every address: it was taken in, and is worked off in a moment.")
class SignUpPayload:
    """The answer."""

    accepted: bool = strawberry.field(default=False, description="Whether it was taken in.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class SignUpMutation:
    """The mutation."""

    @mutation(
        Scope.SIGNUP,
        SignUpPayload,
        "Takes in what a sign-up form sent. Too many from one network address (60 at once, one a second after that) "
        "are refused with CONFLICT; more than 5 an hour for one address are taken in and dropped.",
    )
    async def sign_up(self, info: Info, asked: Input[SignUpInput]) -> SignUpPayload:
        """Take it in."""
        await sign_up(info.context.actor, asked.read(), info.context.visit)
        return SignUpPayload(accepted=True)

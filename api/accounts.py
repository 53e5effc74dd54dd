"""The account, who is asking, and the account's topics."""

from typing import Any

import strawberry
from strawberry import UNSET

from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation, query
from api.pages.logos import logo_url
from api.relay import Node, global_id
from domain.accounts import models, queries
from domain.accounts.update import update_account
from domain.actor import Scope
from domain.contacts.create_topic import create_topic
from domain.values import OptOutPolicy


@strawberry.type(description="Something the account writes about, that each contact can switch on or off.")
class Topic(Node):
    """A topic."""

    key: str = strawberry.field(description="Its name for programs; unique in the account.")
    name: str = strawberry.field(description="Its name for people.")
    description: str | None = strawberry.field(description="What one gets under it.")
    default_subscribed: bool = strawberry.field(description="Whether it is on for whoever never switched it.")

    @classmethod
    def of(cls, topic: models.Topic) -> "Topic":
        """A row as clients see it."""
        return cls(
            id=global_id("Topic", topic.id),
            key=topic.key,
            name=topic.name,
            description=topic.description,
            default_subscribed=topic.default_subscribed,
        )


@strawberry.type(description="A company: its settings. Everything else belongs to exactly one account.")
class Account(Node):
    """The account."""

    name: str = strawberry.field(description="Its name.")
    opt_out_policy: OptOutPolicy = strawberry.field(description="Who can lift an opt-out.")
    contact_types: list[str] = strawberry.field(description="The kinds of contact it tells apart.")
    default_country: str | None = strawberry.field(description="ISO 3166 code that national phone numbers are read in.")
    postal_address: str | None = strawberry.field(description="Shown at the foot of every mail (CAN-SPAM).")
    logo_url: str | None = strawberry.field(description="The logo on recipients' pages, as they show it; null: none.")
    colour: str | None = strawberry.field(description="Of links and buttons on recipients' pages; null: a plain blue.")
    dark_colour: str | None = strawberry.field(
        description="The same in dark mode; null: `colour`, made as light as it takes to be read."
    )
    language: str = strawberry.field(
        description="ISO 639: in which we speak for it where the recipient's own language is not known."
    )
    time_zone: str = strawberry.field(description="Whose day it is for yearly journeys: an IANA name.")

    @classmethod
    def of(cls, account: models.Account) -> "Account":
        """A row as clients see it."""
        return cls(
            id=global_id("Account", account.id),
            name=account.name,
            opt_out_policy=account.opt_out_policy,
            contact_types=account.contact_types,
            default_country=account.default_country,
            postal_address=account.postal_address,
            logo_url=account.logo and logo_url(account.id, account.logo),
            colour=account.colour,
            dark_colour=account.dark_colour,
            language=account.language,
            time_zone=account.time_zone,
        )

    @strawberry.field(description="Its topics, oldest first.")
    async def topics(self, info: Info) -> list[Topic]:
        """All of them: they are few."""
        return [Topic.of(topic) for topic in await queries.topics(info.context.actor)]


@strawberry.type(description="Who is asking.")
class Viewer:
    """The key at work."""

    actor: str = strawberry.field(description="The name that the ledger keeps.")
    scopes: list[str] = strawberry.field(description="What the key may do: read, write, bulk, admin (which is all).")

    @strawberry.field(description="The account that the key belongs to.")
    async def account(self, info: Info) -> Account:
        """The account."""
        return Account.of(await queries.account(info.context.actor))


@strawberry.input(description="The settings to change. What is left out stays; null clears where clearing is possible.")
class UpdateAccountInput:
    """New settings."""

    name: str | None = strawberry.field(default=UNSET, description="Its name.")
    opt_out_policy: OptOutPolicy | None = strawberry.field(default=UNSET, description="Who can lift an opt-out.")
    contact_types: list[str] | None = strawberry.field(default=UNSET, description="All the kinds, those kept included.")
    default_country: str | None = strawberry.field(default=UNSET, description="ISO 3166 alpha-2 code, such as DE.")
    postal_address: str | None = strawberry.field(default=UNSET, description="For the foot of every mail.")
    logo: str | None = strawberry.field(
        default=UNSET,
        description="An image for recipients' pages, as a data URL (`data:image/png;base64,…`; PNG, JPEG, WebP or GIF "
        "of at most 128 KiB). It is served from here, so that no page of a recipient's calls on anybody else.",
    )
    colour: str | None = strawberry.field(
        default=UNSET,
        description="As #rrggbb, with a contrast of at least 4.5:1 to white (WCAG AA); INVALID otherwise.",
    )
    dark_colour: str | None = strawberry.field(
        default=UNSET, description="For dark mode, with a contrast of at least 4.5:1 to #16181d."
    )
    language: str | None = strawberry.field(default=UNSET, description="en, de, fr or es; null makes it en.")
    time_zone: str | None = strawberry.field(
        default=UNSET, description="An IANA name, such as Europe/Berlin; null makes it UTC."
    )

    def given(self) -> dict[str, Any]:
        """What was named, nulls included."""
        return {name: value for name, value in vars(self).items() if value is not UNSET}


@strawberry.type(description="The account as it stands afterwards.")
class UpdateAccountPayload:
    """The answer."""

    account: Account | None = strawberry.field(default=None, description="The account; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.input(description="A new topic.")
class CreateTopicInput:
    """A topic."""

    key: str = strawberry.field(
        description="Its name for programs: a-z, 0-9 and _; unique in the account, never changed."
    )
    name: str = strawberry.field(description="Its name for people.")
    description: str | None = strawberry.field(default=UNSET, description="What one gets under it.")
    default_subscribed: bool = strawberry.field(
        default=False, description="On for everyone at once, but for those who have switched every topic off."
    )


@strawberry.type(description="The new topic.")
class CreateTopicPayload:
    """The answer."""

    topic: Topic | None = strawberry.field(default=None, description="The topic; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class AccountQuery:
    """What can be read."""

    @query("Who is asking, and for which account.")
    def viewer(self, info: Info) -> Viewer:
        """The key at work."""
        actor = info.context.actor
        return Viewer(actor=actor.name, scopes=sorted(scope.value for scope in actor.scopes))

    @query("The account's topics, oldest first.")
    async def topics(self, info: Info) -> list[Topic]:
        """All of them: they are few."""
        return [Topic.of(topic) for topic in await queries.topics(info.context.actor)]


@strawberry.type
class AccountMutation:
    """What can be changed."""

    @mutation(Scope.ADMIN, UpdateAccountPayload, "Changes the account's settings.")
    async def update_account(self, info: Info, asked: Input[UpdateAccountInput]) -> UpdateAccountPayload:
        """Change settings."""
        return UpdateAccountPayload(account=Account.of(await update_account(info.context.actor, **asked.given())))

    @mutation(Scope.ADMIN, CreateTopicPayload, "Adds a topic, for all contacts at once.")
    async def create_topic(self, info: Info, asked: Input[CreateTopicInput]) -> CreateTopicPayload:
        """Add a topic."""
        topic = await create_topic(
            info.context.actor, asked.key, asked.name, asked.description or None, asked.default_subscribed
        )
        return CreateTopicPayload(topic=Topic.of(topic))

"""A contact, its points and its topics as clients see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from api.accounts import Topic
from api.contacts.actions import ContactAction
from api.contacts.page import ContactPage
from api.context import Info
from api.fields import query
from api.relay import After, Before, First, Last, Node, global_id, pair_id, required, window
from api.scalars import JSON
from domain.contacts import rows
from domain.contacts.actions import available_actions
from domain.contacts.rows import ContactRow, PointRow, SubscriptionRow
from domain.recipients.links import RecipientLinks as Links
from domain.recipients.links import recipient_links
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

if TYPE_CHECKING:
    from api.feed import ConsentEvent, ConsentEventConnection
    from api.groups import GroupConnection

OfChannel: TypeAlias = Annotated[
    Channel, strawberry.argument(description="The channel whose primary address is judged.")
]


@strawberry.type(
    description=(
        "Signed, bound to this address, good without a login. The headers are for email, and DKIM must cover them; "
        "one-click withdraws the whole channel."
    )
)
class RecipientLinks:
    """What a message carries."""

    unsubscribe: str = strawberry.field(description="A page that leaves, at the press of a button.")
    preferences: str = strawberry.field(description="A page to choose topics and channels on.")
    list_unsubscribe: str | None = strawberry.field(
        description="The value of the header List-Unsubscribe (RFC 2369); null but for email."
    )
    list_unsubscribe_post: str | None = strawberry.field(
        description="The value of the header List-Unsubscribe-Post (RFC 8058); null but for email."
    )

    @classmethod
    def of(cls, links: Links) -> "RecipientLinks":
        """Links as clients see them."""
        return cls(
            unsubscribe=links.unsubscribe,
            preferences=links.preferences,
            list_unsubscribe=links.list_unsubscribe,
            list_unsubscribe_post=links.list_unsubscribe_post,
        )


@strawberry.type(description="One address on one channel. Slot 1 is the primary; an email has slots 1 to 3.")
class ContactPoint(Node):
    """A point of a contact."""

    row: strawberry.Private[PointRow]
    page: strawberry.Private[ContactPage]
    channel: Channel = strawberry.field(description="How this address is used.")
    slot: int = strawberry.field(description="1 is the primary; only email has 2 and 3.")
    value: str = strawberry.field(description="The address, normalised: a phone number in E.164.")
    consent: ConsentStatus = strawberry.field(description="May we? Shared by all contacts who share the address.")
    deliverability: Deliverability = strawberry.field(description="Can we?")
    consent_updated_at: datetime | None = strawberry.field(description="When the permission last changed; null: never.")
    confirmation_requested_at: datetime | None = strawberry.field(
        description="When the recipient was last asked to confirm; null: never."
    )

    @classmethod
    def of(cls, row: PointRow, page: ContactPage) -> "ContactPoint":
        """A row as clients see it."""
        return cls(
            id=pair_id("ContactPoint", *row.id),
            row=row,
            page=page,
            channel=row.channel,
            slot=row.slot,
            value=row.value,
            consent=row.consent,
            deliverability=row.deliverability,
            consent_updated_at=row.consent_at,
            confirmation_requested_at=row.confirmation_requested_at,
        )

    @query("The ledger entry that the present status rests on; null while nothing ever changed it.")
    def proof(self) -> Annotated["ConsentEvent", strawberry.lazy("api.feed")] | None:
        """The entry behind the consent."""
        key = self.row.proof
        return self.page.proofs.read(lambda proofs: proofs.get(key)) if key is not None else None

    @strawberry.field(
        description=(
            "For those who send through another provider: the links and headers that every message must carry. The "
            "same each time, and good for ever."
        )
    )
    async def links(
        self,
        topic: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="What the message is about: the page then offers to leave that alone."),
        ] = None,
    ) -> RecipientLinks:
        """Signed for this address."""
        about = None if topic is None else required("Topic", topic, "topic")
        await self.page.check_topic(about)
        return RecipientLinks.of(recipient_links(self.page.actor.account_id, self.row.address_id, self.channel, about))

    @strawberry.field(
        description=(
            "How many soft bounces (a full mailbox, a server out of reach) hooks have reported of the address. They "
            "change nothing by themselves."
        )
    )
    def soft_bounces(self) -> int:
        """The counter."""
        key = self.row.address_id
        return self.page.troubles.read(lambda known: known[key].soft_bounces if key in known else 0)

    @strawberry.field(description="The provider's words about the latest bounce that a hook reported; null: none.")
    def delivery_detail(self) -> str | None:
        """The words."""
        key = self.row.address_id
        return self.page.troubles.read(lambda known: known[key].detail if key in known else None)


@strawberry.type(description="A topic and whether it is on for a contact.")
class TopicSubscription:
    """One of a contact's topics."""

    topic: Topic = strawberry.field(description="The topic.")
    subscribed: bool = strawberry.field(description="Whether it is on, switched or by default.")
    updated_at: datetime | None = strawberry.field(description="When it was last switched; null: never.")

    @classmethod
    def of(cls, row: SubscriptionRow, topic: Topic) -> "TopicSubscription":
        """A row as clients see it."""
        return cls(topic=topic, subscribed=row.subscribed, updated_at=row.updated_at)


@strawberry.type(description="A person: their details, addresses, permissions and topics.")
class Contact(Node):
    """A contact of a page."""

    row: strawberry.Private[ContactRow]
    page: strawberry.Private[ContactPage]
    external_id: str | None = strawberry.field(description="Your own id of them; unique in the account.")
    name: str = strawberry.field(
        description="First and last name, else the primary email, the phone, the external id, or empty."
    )
    first_name: str | None = strawberry.field(description="Given name.")
    last_name: str | None = strawberry.field(description="Family name.")
    contact_type: str | None = strawberry.field(description="One of the account's `contactTypes`.")
    lifecycle: Lifecycle = strawberry.field(description="Whether they count in the active total.")
    email: str | None = strawberry.field(description="The primary email address.")
    phone: str | None = strawberry.field(description="The primary SMS number, else the CALL number, in E.164.")
    attributes: JSON = strawberry.field(description="Your own values, by name.")
    version: int = strawberry.field(
        description="Moves with the details, not with permission or lifecycle. Pass it to `updateContact`."
    )
    created_at: datetime = strawberry.field(description="When they came into the account.")
    updated_at: datetime = strawberry.field(description="When the details last changed.")

    @classmethod
    def of(cls, row: ContactRow, page: ContactPage) -> "Contact":
        """A row as clients see it."""
        return cls(
            id=global_id("Contact", row.id),
            row=row,
            page=page,
            external_id=row.external_id,
            name=row.name,
            first_name=row.first_name,
            last_name=row.last_name,
            contact_type=row.contact_type,
            lifecycle=row.lifecycle,
            email=row.email,
            phone=row.phone,
            attributes=JSON(row.attributes),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="True when the channel's primary address is single or double opted in.")
    def opted_in(self, channel: OfChannel = Channel.EMAIL) -> bool:
        """Consent alone."""
        return self.page.points.read(lambda points: rows.opted_in(points[self.row.id], channel))

    @strawberry.field(
        description=(
            "True when the contact would be sent marketing now: active, opted in, deliverable, at least one topic on."
        )
    )
    def subscribed(self, channel: OfChannel = Channel.EMAIL) -> bool:
        """Everything that marketing needs."""
        return self.page.points.read(lambda points: rows.subscribed(self.row, points[self.row.id], channel))

    @strawberry.field(description="The addresses, by channel and slot.")
    def points(
        self,
        channel: Annotated[Channel | None, strawberry.argument(description="Those of one channel alone.")] = None,
    ) -> list[ContactPoint]:
        """Up to six: three emails, and one a channel."""
        return self.page.points.read(
            lambda points: [
                ContactPoint.of(row, self.page)
                for row in points[self.row.id]
                if channel is None or row.channel is channel
            ]
        )

    @strawberry.field(description="Every topic of the account, on or off for this contact.")
    def topics(self) -> list[TopicSubscription]:
        """The topics, oldest first."""
        return self.page.topics.read(lambda topics: topics[self.row.id])

    @strawberry.field(description="The tags, in alphabetical order.")
    def tags(self) -> list[str]:
        """The tags."""
        return self.page.tags.read(lambda tags: tags[self.row.id])

    @strawberry.field(
        description=(
            "What may be done to this contact now, and why not: what an Actions menu needs. Answers as the mutations "
            "with their defaults would."
        )
    )
    async def available_actions(self, channel: OfChannel = Channel.EMAIL) -> list[ContactAction]:
        """Every kind of action."""
        points = (await self.page.points.fetch())[self.row.id]
        policy = (await self.page.policy.fetch())["policy"]
        asking = (await self.page.unaskable.fetch())[self.row.id]
        found = available_actions(self.row, points, policy, channel, asking)
        return [ContactAction.of(action) for action in found]

    @query("The groups they are in, by name.")
    async def groups(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Annotated["GroupConnection", strawberry.lazy("api.groups")]:
        """A page of their groups."""
        from api.groups import group_place, groups_of_contact  # noqa: PLC0415 - the types refer to each other

        asked = window(first, after, last, before, group_place)
        return groups_of_contact((await self.page.groups.fetch())[self.row.id], asked)

    @query("Their ledger entries, newest first.")
    async def events(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Annotated["ConsentEventConnection", strawberry.lazy("api.feed")]:
        """A page of their history."""
        from api.feed import events_of_contact, position_of  # noqa: PLC0415 - the types refer to each other

        return await events_of_contact(info, self.row.id, window(first, after, last, before, position_of))

"""Journeys, events, and the messages that were missed."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from api.contacts.filters import ContactLookupInput, ContactSelectionInput, given
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import Node, global_id, required
from domain.actor import Scope
from domain.messages.journeys import missed as reading
from domain.messages.journeys import rows
from domain.messages.journeys.create import NewJourney, create_journey, update_journey
from domain.messages.journeys.rules import Trigger
from domain.messages.journeys.trigger import record_event, trigger_journey

described(
    Trigger,
    "What makes a contact enter a journey.",
    name="JourneyTrigger",
    BY_HAND="`triggerJourney` alone.",
    FIRST_OPT_IN="The first time that permission is recorded for an email of theirs, by whichever way: a welcome.",
    YEARLY="The day of a date among their attributes, each year: a birthday. 29 February is kept on the 28th in a year "
    "without it.",
    EVENT="Something that you tell by `recordEvent`.",
)


@strawberry.type(description="One message, and what makes a contact get it. Each contact gets it once an occasion.")
class Journey(Node):
    """A journey."""

    key: str = strawberry.field(description="Its name for programs; unique in the account.")
    name: str = strawberry.field(description="Its name for people.")
    trigger: Trigger = strawberry.field(description="What makes a contact enter.")
    attribute: str | None = strawberry.field(description="YEARLY: the attribute that holds the date.")
    hour: int = strawberry.field(description="YEARLY: from which hour of the day on, in the account's `timeZone`.")
    event: str | None = strawberry.field(description="EVENT: its name, as `recordEvent` tells it.")
    enabled: bool = strawberry.field(description="Whether anybody enters it.")
    missed_days: int = strawberry.field(description="For how many days a missed message can be sent again by hand.")
    topic_id: strawberry.ID | None = strawberry.field(description="What it is about; null: any topic.")
    template_id: strawberry.ID = strawberry.field(description="What it says: whatever that says when the mail goes.")
    created_at: datetime = strawberry.field(description="When it was set up.")

    @classmethod
    def of(cls, row: rows.Journey) -> "Journey":
        """A row as clients see it."""
        return cls(
            id=global_id("Journey", row.id),
            key=row.key,
            name=row.name,
            trigger=row.trigger,
            attribute=row.attribute,
            hour=row.hour,
            event=row.event,
            enabled=row.enabled,
            missed_days=row.missed_days,
            topic_id=global_id("Topic", row.topic_id) if row.topic_id else None,
            template_id=global_id("Template", row.template_id),
            created_at=row.created_at,
        )


@strawberry.input(description="A new journey.")
class CreateJourneyInput:
    """A journey."""

    key: str = strawberry.field(
        description="Its name for programs: a-z, 0-9 and _; unique in the account, never changed."
    )
    name: str = strawberry.field(description="Its name for people.")
    trigger: Trigger = strawberry.field(description="What makes a contact enter; any can be triggered by hand besides.")
    template: strawberry.ID = strawberry.field(description="What it says: a marketing template for EMAIL.")
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="What it is about; any when left out.")
    attribute: str | None = strawberry.field(
        default=UNSET, description="YEARLY: the attribute that holds the date, as YYYY-MM-DD or --MM-DD."
    )
    hour: int = strawberry.field(
        default=9, description="YEARLY: from which hour on, 0 to 23, in the account's `timeZone`."
    )
    event: str | None = strawberry.field(default=UNSET, description="EVENT: its name.")
    enabled: bool = strawberry.field(default=True, description="Whether it begins at once.")
    missed_days: int = strawberry.field(
        default=30, description="For how many days a missed message can be sent again by hand: 1 to 365."
    )

    def read(self) -> NewJourney:
        """The domain's. Raises DomainError NOT_FOUND for a bad id."""
        return NewJourney(
            key=self.key,
            name=self.name,
            template_id=required("Template", self.template, "template"),
            trigger=self.trigger,
            topic_id=required("Topic", self.topic, "topic") if self.topic else None,
            attribute=given(self.attribute),
            hour=self.hour,
            event=given(self.event),
            enabled=self.enabled,
            missed_days=self.missed_days,
        )


@strawberry.input(description="What to change of a journey. What is left out stays.")
class UpdateJourneyInput:
    """Changes."""

    id: strawberry.ID = strawberry.field(description="The journey.")
    name: str | None = strawberry.field(default=UNSET, description="Its name for people.")
    template: strawberry.ID | None = strawberry.field(default=UNSET, description="What it says, from now on.")
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="What it is about; null: any topic.")
    hour: int | None = strawberry.field(default=UNSET, description="YEARLY: from which hour on, 0 to 23.")
    enabled: bool | None = strawberry.field(
        default=UNSET, description="Switched on again it begins anew: what passed meanwhile is not made up for."
    )
    missed_days: int | None = strawberry.field(default=UNSET, description="Of messages missed from now on: 1 to 365.")

    def changes(self) -> dict[str, Any]:
        """What was named, in the domain's terms. Raises DomainError."""
        named = {name: getattr(self, name) for name in ("name", "hour", "enabled", "missed_days")}
        found: dict[str, Any] = {name: value for name, value in named.items() if given(value) is not None}
        if self.template:
            found["template_id"] = required("Template", self.template, "template")
        if self.topic is not UNSET:
            found["topic_id"] = required("Topic", self.topic, "topic") if self.topic else None
        return found


@strawberry.type(description="The journey as it stands afterwards.")
class JourneyPayload:
    """What creating and updating answer."""

    journey: Journey | None = strawberry.field(default=None, description="The journey; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The new journey.")
class CreateJourneyPayload(JourneyPayload):
    """The answer."""


@strawberry.type(description="The journey as it stands afterwards.")
class UpdateJourneyPayload(JourneyPayload):
    """The answer."""


@strawberry.input(description="Who is to enter a journey.")
class TriggerJourneyInput:
    """Contacts."""

    journey: strawberry.ID = strawberry.field(description="The journey.")
    selection: ContactSelectionInput = strawberry.field(description="Which contacts: 100,000 at most.")
    occasion: str | None = strawberry.field(
        default=UNSET, description="A name for the occasion: nobody enters it twice. A new occasion when left out."
    )


@strawberry.type(description="How many entered.")
class TriggerJourneyPayload:
    """The answer."""

    entered: int | None = strawberry.field(
        default=None, description="How many contacts were new to the occasion; null when refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.input(description="What happened, to whom.")
class RecordEventInput:
    """An event."""

    contact: ContactLookupInput = strawberry.field(description="To whom.")
    event: str = strawberry.field(description="What: the name that journeys wait for.")
    occasion: str | None = strawberry.field(
        default=UNSET,
        description="Your own id of it, such as an order's: told twice, it counts once. A new one when left out.",
    )


@strawberry.type(description="How many journeys were entered.")
class RecordEventPayload:
    """The answer."""

    entered: int | None = strawberry.field(
        default=None, description="How many journeys the contact entered; null when refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class JourneyQuery:
    """What can be read."""

    @query("The account's journeys, oldest first: 100 at most.")
    async def journeys(self, info: Info) -> list[Journey]:
        """All of them."""
        return [Journey.of(row) for row in await reading.journeys(info.context.actor)]


@strawberry.type
class JourneyMutation:
    """What can be changed."""

    @mutation(
        Scope.ADMIN,
        CreateJourneyPayload,
        "Sets a journey up. It begins now: who opted in before, and whose day is today, is not written to.",
    )
    async def create_journey(self, info: Info, asked: Input[CreateJourneyInput]) -> CreateJourneyPayload:
        """Set up."""
        return CreateJourneyPayload(journey=Journey.of(await create_journey(info.context.actor, asked.read())))

    @mutation(Scope.ADMIN, UpdateJourneyPayload, "Changes a journey, or switches it off and on.")
    async def update_journey(self, info: Info, asked: Input[UpdateJourneyInput]) -> UpdateJourneyPayload:
        """Change."""
        row = await update_journey(info.context.actor, required("Journey", asked.id, "id"), **asked.changes())
        return UpdateJourneyPayload(journey=Journey.of(row))

    @mutation(
        Scope.BULK,
        TriggerJourneyPayload,
        "Has contacts enter an occasion of a journey, once each. Whether each may be sent the message is judged when "
        "it goes; else it is kept as missed.",
    )
    async def trigger_journey(self, info: Info, asked: Input[TriggerJourneyInput]) -> TriggerJourneyPayload:
        """Trigger."""
        journey_id = required("Journey", asked.journey, "journey")
        entered = await trigger_journey(info.context.actor, journey_id, asked.selection.read(), given(asked.occasion))
        return TriggerJourneyPayload(entered=entered)

    @mutation(
        Scope.WRITE,
        RecordEventPayload,
        "Tells that something happened to a contact, who enters every journey that waits for it.",
    )
    async def record_event(self, info: Info, asked: Input[RecordEventInput]) -> RecordEventPayload:
        """Tell."""
        entered = await record_event(info.context.actor, asked.event, asked.contact.read(), given(asked.occasion))
        return RecordEventPayload(entered=entered)

"""updateSubscriptions."""

import strawberry

from api.contacts.payload import AFTERWARDS, ContactPayload
from api.context import Info
from api.fields import Input, mutation
from api.relay import required
from domain.actor import Scope
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions


@strawberry.input(description="A topic, on or off.")
class TopicSwitchInput:
    """A switch."""

    topic: strawberry.ID = strawberry.field(description="The topic.")
    subscribed: bool = strawberry.field(description="On or off.")


@strawberry.input(description="Which topics to switch.")
class UpdateSubscriptionsInput:
    """Switches."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    subscriptions: list[TopicSwitchInput] = strawberry.field(description="The switches. Topics not named stay.")

    def read(self) -> list[TopicSwitch]:
        """The domain's switches. Raises DomainError NOT_FOUND, by index."""
        return read_switches(self.subscriptions)


def read_switches(given: list[TopicSwitchInput]) -> list[TopicSwitch]:
    """The domain's switches. Raises DomainError NOT_FOUND, by index."""
    return [
        TopicSwitch(required("Topic", switch.topic, "subscriptions", str(i), "topic"), switch.subscribed)
        for i, switch in enumerate(given)
    ]


@strawberry.type(description=AFTERWARDS)
class UpdateSubscriptionsPayload(ContactPayload):
    """The answer."""


@strawberry.type
class UpdateSubscriptions:
    """The mutation."""

    @mutation(
        Scope.WRITE,
        UpdateSubscriptionsPayload,
        "Switches a contact's topics on or off, whatever their permission. No topic left is not an opt-out.",
    )
    async def update_subscriptions(
        self, info: Info, asked: Input[UpdateSubscriptionsInput]
    ) -> UpdateSubscriptionsPayload:
        """Switch topics."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        return UpdateSubscriptionsPayload(
            receipt=await update_subscriptions(info.context.actor, contact_id, asked.read())
        )

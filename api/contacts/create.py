"""createContact."""

from typing import Any, cast

import strawberry
from strawberry import UNSET

from api.contacts.payload import ContactPayload
from api.context import Info
from api.fields import Input, mutation
from api.relay import required_all
from api.scalars import JSON
from domain.actor import Scope
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.errors import invalid
from domain.values import Channel


@strawberry.input(description="An address on a channel.")
class PointInput:
    """An address."""

    channel: Channel = strawberry.field(description="How it is to be used.")
    slot: int = strawberry.field(default=1, description="1 is the primary; email has 2 and 3 as well.")
    value: str = strawberry.field(description="The address; a national phone number is read in the account's country.")


@strawberry.input(description="A new contact.")
class CreateContactInput:
    """A contact."""

    external_id: str | None = strawberry.field(default=UNSET, description="Your own id of them; unique in the account.")
    first_name: str | None = strawberry.field(default=UNSET, description="Given name.")
    last_name: str | None = strawberry.field(default=UNSET, description="Family name.")
    contact_type: str | None = strawberry.field(default=UNSET, description="One of the account's `contactTypes`.")
    points: list[PointInput] = strawberry.field(
        description="Their addresses. They enter without permission, or as they stand in the account already."
    )
    tags: list[str] | None = strawberry.field(default=UNSET, description="Words of your own.")
    groups: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="The groups to put them in.")
    attributes: JSON | None = strawberry.field(default=UNSET, description="An object: your own values, by name.")

    def read(self) -> NewContact:
        """The domain's contact. Raises DomainError: NOT_FOUND (a group), INVALID (attributes that are no object)."""
        return NewContact(
            points=[NewPoint(point.channel, point.value, point.slot) for point in self.points],
            external_id=self.external_id or None,
            first_name=self.first_name or None,
            last_name=self.last_name or None,
            contact_type=self.contact_type or None,
            tags=self.tags or (),
            groups=required_all("Group", self.groups or (), "groups"),
            attributes=read_object(self.attributes) or {},
        )


def read_object(value: JSON | None) -> dict[str, Any] | None:
    """A JSON object, or None when none was given. Raises DomainError INVALID for any other value."""
    if value is None or value is UNSET:
        return None
    if not isinstance(value, dict):
        raise invalid("Attributes are an object: values by name.", "attributes")
    return cast("dict[str, Any]", value)


@strawberry.type(description="The new contact, and the ledger entries of its coming into being.")
class CreateContactPayload(ContactPayload):
    """The answer."""


@strawberry.type
class CreateContact:
    """The mutation."""

    @mutation(
        Scope.WRITE,
        CreateContactPayload,
        "Creates a contact. An address that was opted out or erased in this account comes back OPTED_OUT.",
    )
    async def create_contact(self, info: Info, asked: Input[CreateContactInput]) -> CreateContactPayload:
        """Create a contact."""
        return CreateContactPayload(receipt=await create_contact(info.context.actor, asked.read()))

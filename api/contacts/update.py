"""updateContact."""

from typing import TypeVar

import strawberry
from strawberry import UNSET

from api import evidence
from api.contacts.create import read_object
from api.contacts.payload import AFTERWARDS, ContactPayload
from api.context import Info
from api.evidence import EvidenceInput
from api.fields import Input, mutation
from api.relay import required
from api.scalars import JSON
from domain.actor import Scope
from domain.contacts.unset import UNSET as KEPT
from domain.contacts.unset import Unset
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.values import Channel

T = TypeVar("T")


@strawberry.input(description="In an update: sets the slot; null takes the address off it. Slots not named stay.")
class PointChangeInput:
    """A change of one slot."""

    channel: Channel = strawberry.field(description="The channel.")
    slot: int = strawberry.field(default=1, description="1 is the primary; email has 2 and 3 as well.")
    value: str | None = strawberry.field(default=UNSET, description="The address; null, or left out, takes it off.")


@strawberry.input(description="What to change of a contact's details. What is left out stays; null clears.")
class UpdateContactInput:
    """Changes."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    version: int | None = strawberry.field(
        default=UNSET, description="Refuses with CONFLICT when the contact has moved on since."
    )
    external_id: str | None = strawberry.field(default=UNSET, description="Your own id of them; unique in the account.")
    first_name: str | None = strawberry.field(default=UNSET, description="Given name.")
    last_name: str | None = strawberry.field(default=UNSET, description="Family name.")
    contact_type: str | None = strawberry.field(default=UNSET, description="One of the account's `contactTypes`.")
    points: list[PointChangeInput] | None = strawberry.field(default=UNSET, description="The slots to change.")
    tags: list[str] | None = strawberry.field(default=UNSET, description="All the tags, those kept included.")
    attributes: JSON | None = strawberry.field(default=UNSET, description="All the attributes, those kept included.")
    rectification: EvidenceInput | None = strawberry.field(
        default=UNSET,
        description="The lawful way to correct a locked contact under STRICT: who asked for the correction, and how.",
    )

    def changes(self) -> ContactChanges:
        """The domain's changes. Raises DomainError INVALID for attributes that are no object."""
        return ContactChanges(
            external_id=_named(self.external_id),
            first_name=_named(self.first_name),
            last_name=_named(self.last_name),
            contact_type=_named(self.contact_type),
            points=_points(self.points),
            tags=_named(self.tags),
            attributes=KEPT if self.attributes is UNSET else read_object(self.attributes),
        )


def _named(value: T | None) -> T | None | Unset:
    return KEPT if value is UNSET else value


def _points(points: list[PointChangeInput] | None) -> list[PointChange] | None | Unset:
    if points is None or points is UNSET:
        return KEPT
    return [PointChange(point.channel, point.value or None, point.slot) for point in points]


@strawberry.type(description=AFTERWARDS)
class UpdateContactPayload(ContactPayload):
    """The answer."""


@strawberry.type
class UpdateContact:
    """The mutation."""

    @mutation(Scope.WRITE, UpdateContactPayload, "Changes a contact's details and addresses. Never a permission.")
    async def update_contact(self, info: Info, asked: Input[UpdateContactInput]) -> UpdateContactPayload:
        """Change details."""
        contact_id = required("Contact", asked.contact_id, "contactId")
        version = None if asked.version is UNSET else asked.version
        rectification = evidence.read(asked.rectification)
        receipt = await update_contact(info.context.actor, contact_id, asked.changes(), version, rectification)
        return UpdateContactPayload(receipt=receipt)

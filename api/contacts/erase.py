"""eraseContact."""

import strawberry

from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation
from api.relay import global_id, required
from domain.actor import Scope
from domain.contacts.erase import erase_contact


@strawberry.input(description="Whom to erase.")
class EraseContactInput:
    """A contact."""

    contact_id: strawberry.ID = strawberry.field(description="The contact.")


@strawberry.type(description="The contact that is no more.")
class EraseContactPayload:
    """The answer."""

    erased_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class EraseContact:
    """The mutation."""

    @mutation(
        Scope.WRITE,
        EraseContactPayload,
        "Erases everything personal of a contact, for good. Their addresses are remembered as a keyed hash alone, and "
        "come back OPTED_OUT on every path.",
    )
    async def erase_contact(self, info: Info, asked: Input[EraseContactInput]) -> EraseContactPayload:
        """Erase a contact."""
        erased = await erase_contact(info.context.actor, required("Contact", asked.contact_id, "contactId"))
        return EraseContactPayload(erased_id=global_id("Contact", erased))

"""What a change of one contact answers."""

from typing import Final

import strawberry

from api.contacts.page import wrapped_by_id
from api.contacts.types import Contact
from api.context import Info
from api.errors import UserError
from api.feed import ConsentEvent, wrapped_events
from domain.ledger.events import by_positions
from domain.ledger.receipt import Receipt

AFTERWARDS: Final = (
    "The contact as it stands afterwards, and the ledger entries this request made (none when nothing changed)."
)


@strawberry.type(description=AFTERWARDS)
class ContactPayload:
    """Loads what is asked for, and nothing for a request that was refused."""

    receipt: strawberry.Private[Receipt | None] = None
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")

    @strawberry.field(description="The contact as it stands now; null when refused.")
    async def contact(self, info: Info) -> Contact | None:
        """The contact."""
        if self.receipt is None:
            return None
        return (await wrapped_by_id(info, [self.receipt.contact_id])).get(self.receipt.contact_id)

    @strawberry.field(description="The ledger entries this request made, in order; none when nothing changed.")
    async def events(self, info: Info) -> list[ConsentEvent]:
        """The entries."""
        if self.receipt is None or not self.receipt.positions:
            return []
        return await wrapped_events(info, await by_positions(info.context.actor, self.receipt.positions))

"""Which contacts: filters, selections, look-ups and orders as clients write them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry
from strawberry import UNSET

from api.enums import described
from api.relay import required, required_all, uuid_of
from domain.contacts.filter import ContactFilter, OptStatus
from domain.contacts.pages import Direction, Order, OrderField
from domain.contacts.queries import Lookup
from domain.contacts.selection import MOST_IDS, Selection
from domain.errors import DomainError, ErrorCode
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

T = TypeVar("T")
_NOBODY = UUID(int=0)

described(
    OptStatus,
    "Whether marketing permission is given.",
    OPTED_IN="`optedIn` on the channel is true.",
    OPTED_OUT="It is not, for whatever reason (also without an address).",
)
described(
    OrderField,
    "What a list of contacts can be ordered by. Equal ones follow their creation.",
    name="ContactOrderField",
    CREATED_AT="When they came into the account.",
    NAME="Their name, whatever its case.",
    EMAIL="Their primary email, whatever its case; those without one come first.",
)
described(
    Direction, "Up or down.", name="OrderDirection", ASC="Smallest or oldest first.", DESC="Largest or newest first."
)


def given(value: T | None) -> T | None:
    """A value that may have been left out: None then."""
    return None if value is UNSET else value


@strawberry.input(description="Which contacts: every condition that is named must hold. An empty list matches none.")
class ContactFilterInput:
    """A filter."""

    status: OptStatus | None = strawberry.field(default=UNSET, description="Opted in, or not, on the channel.")
    channel: Channel | None = strawberry.field(
        default=UNSET,
        description="Left out: the enclosing filter's, else EMAIL. The primary address of the channel is judged.",
    )
    search: str | None = strawberry.field(default=UNSET, description="As in `contacts(search:)`.")
    consent: list[ConsentStatus] | None = strawberry.field(default=UNSET, description="Any of these.")
    deliverability: Deliverability | None = strawberry.field(default=UNSET, description="Can we?")
    subscribed: bool | None = strawberry.field(default=UNSET, description="As `Contact.subscribed` on the channel.")
    topic: strawberry.ID | None = strawberry.field(default=UNSET, description="The topic is on.")
    lifecycle: Lifecycle | None = strawberry.field(default=UNSET, description="Active or archived.")
    contact_type: list[str] | None = strawberry.field(default=UNSET, description="Any of these.")
    group: strawberry.ID | None = strawberry.field(default=UNSET, description="In the group.")
    tag: str | None = strawberry.field(default=UNSET, description="With the tag.")
    imported_by: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The import that created or updated them."
    )
    created_after: datetime | None = strawberry.field(default=UNSET, description="Created after this moment.")
    created_before: datetime | None = strawberry.field(default=UNSET, description="Created before this moment.")
    and_: list["ContactFilterInput"] | None = strawberry.field(
        name="and", default=UNSET, description="All of these hold."
    )
    or_: list["ContactFilterInput"] | None = strawberry.field(
        name="or", default=UNSET, description="One of these holds."
    )
    not_: "ContactFilterInput | None" = strawberry.field(name="not", default=UNSET, description="This does not hold.")

    def read(self, *path: str) -> ContactFilter:
        """The domain's filter. Raises DomainError NOT_FOUND for an id that names nothing, with its path."""
        return ContactFilter(
            status=given(self.status),
            channel=given(self.channel),
            search=given(self.search),
            consent=given(self.consent),
            deliverability=given(self.deliverability),
            subscribed=given(self.subscribed),
            topic=required("Topic", self.topic, *path, "topic") if self.topic else None,
            lifecycle=given(self.lifecycle),
            contact_type=given(self.contact_type),
            group=required("Group", self.group, *path, "group") if self.group else None,
            tag=given(self.tag),
            imported_by=required("BulkOperation", self.imported_by, *path, "importedBy") if self.imported_by else None,
            created_after=given(self.created_after),
            created_before=given(self.created_before),
            and_=_each(self.and_, *path, "and"),
            or_=_each(self.or_, *path, "or"),
            not_=self.not_.read(*path, "not") if self.not_ else None,
        )


def _each(filters: Sequence[ContactFilterInput] | None, *path: str) -> list[ContactFilter] | None:
    if filters is None or filters is UNSET:
        return None
    return [one.read(*path, str(index)) for index, one in enumerate(filters)]


def where(asked: ContactFilterInput | None) -> ContactFilter | None:
    """A query's `filter`. Raises DomainError NOT_FOUND."""
    return asked.read("filter") if asked else None


@strawberry.input(description="How a list of contacts is ordered.")
class ContactOrderInput:
    """An order."""

    field: OrderField = strawberry.field(default=OrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Up or down.")

    def read(self) -> Order:
        """The domain's order."""
        return Order(self.field, self.direction)


@strawberry.input(one_of=True, description="How to find one contact: exactly one of these.")
class ContactLookupInput:
    """A look-up."""

    id: strawberry.ID | None = strawberry.field(default=UNSET, description="By global id.")
    email: str | None = strawberry.field(default=UNSET, description="By an email in any slot.")
    phone: str | None = strawberry.field(
        default=UNSET, description="By an SMS or CALL number; a national one is read in the account's country."
    )
    external_id: str | None = strawberry.field(default=UNSET, description="By your own id.")

    def read(self) -> Lookup:
        """The domain's look-up. An id that is none of a contact finds nobody, as an unknown one does."""
        if given(self.id) is not None:
            return Lookup(id=uuid_of("Contact", str(self.id)) or _NOBODY)
        return Lookup(email=given(self.email), phone=given(self.phone), external_id=given(self.external_id))


@strawberry.input(
    one_of=True,
    description=(
        "Which contacts. Exactly one. An empty or always-true filter is INVALID; `everyone: true` is how to say "
        "everyone."
    ),
)
class ContactSelectionInput:
    """A selection."""

    ids: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="At most 10,000.")
    group: strawberry.ID | None = strawberry.field(default=UNSET, description="Everyone in a group.")
    tag: str | None = strawberry.field(default=UNSET, description="Everyone with a tag.")
    imported_by: strawberry.ID | None = strawberry.field(default=UNSET, description="Everyone an import touched.")
    filter: ContactFilterInput | None = strawberry.field(default=UNSET, description="Everyone a filter matches.")
    everyone: bool | None = strawberry.field(default=UNSET, description="True: everyone in the account.")

    def read(self) -> Selection:
        """The domain's selection. Raises DomainError: NOT_FOUND with the path of a bad id, TOO_LARGE."""
        ids = given(self.ids)
        if ids is not None and len(ids) > MOST_IDS:
            # Before ten thousand more are decoded.
            raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_IDS:,} ids at once.", "selection", "ids")
        return Selection(
            ids=None if ids is None else required_all("Contact", ids, "selection", "ids"),
            group=required("Group", self.group, "selection", "group") if self.group else None,
            tag=given(self.tag),
            imported_by=(
                required("BulkOperation", self.imported_by, "selection", "importedBy") if self.imported_by else None
            ),
            filter=self.filter.read("selection", "filter") if self.filter else None,
            everyone=given(self.everyone),
        )

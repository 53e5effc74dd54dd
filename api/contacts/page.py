"""The contacts of one page and what belongs to them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.accounts import Topic
from api.batch import Relation, ahead
from api.context import Info
from domain.accounts import queries as accounts
from domain.confirmations.askable import unaskable
from domain.contacts import queries
from domain.contacts.rows import ContactRow, PointRow
from domain.errors import ErrorCode, not_found
from domain.groups import queries as groups
from domain.inbound.trouble import Trouble, troubles
from domain.ledger.events import by_positions
from domain.values import OptOutPolicy

if TYPE_CHECKING:
    from api.contacts.types import Contact, TopicSubscription
    from api.feed import ConsentEvent
    from api.groups import Group


class ContactPage:
    """What belongs to some contacts, a statement a kind however many they are."""

    def __init__(self, info: Info, contact_ids: Sequence[UUID]) -> None:
        actor = info.context.actor
        self.info = info
        self.actor = actor
        self.ids = list(contact_ids)
        self.points: Relation[UUID, list[PointRow]] = Relation(lambda: queries.points(actor, self.ids))
        self.topics: Relation[UUID, list[TopicSubscription]] = Relation(self._topics)
        self.tags: Relation[UUID, list[str]] = Relation(lambda: queries.tags(actor, self.ids))
        self.groups: Relation[UUID, list[Group]] = Relation(self._groups)
        self.proofs: Relation[int, ConsentEvent] = Relation(self._proofs)
        self.troubles: Relation[UUID, Trouble] = Relation(self._troubles)
        self.policy: Relation[str, OptOutPolicy] = Relation(self._policy)
        self.unaskable: Relation[UUID, ErrorCode | None] = Relation(lambda: unaskable(actor, self.ids))
        self.known_topics: Relation[UUID, Topic] = Relation(self._known_topics)

    @property
    def needed_by(self) -> Mapping[str, Relation[Any, Any]]:
        """The relations, by the names of the fields that read them."""
        return {
            "points": self.points,
            "optedIn": self.points,
            "subscribed": self.points,
            "availableActions": self.points,
            "topics": self.topics,
            "tags": self.tags,
            "groups": self.groups,
            "proof": self.proofs,
            "softBounces": self.troubles,
            "deliveryDetail": self.troubles,
        }

    async def check_topic(self, topic_id: UUID | None) -> None:
        """Raise DomainError NOT_FOUND for a topic that the account does not have."""
        if topic_id is not None and topic_id not in await self.known_topics.fetch():
            raise not_found("topic", "topic")

    async def _known_topics(self) -> dict[UUID, Topic]:
        return {topic.id: Topic.of(topic) for topic in await accounts.topics(self.actor)}

    async def _topics(self) -> "dict[UUID, list[TopicSubscription]]":
        from api.contacts.types import TopicSubscription  # noqa: PLC0415 - the types refer to each other

        known = await self.known_topics.fetch()
        switches = await queries.topics(self.actor, self.ids)
        return {
            contact_id: [TopicSubscription.of(row, known[row.topic_id]) for row in rows if row.topic_id in known]
            for contact_id, rows in switches.items()
        }

    async def _groups(self) -> "dict[UUID, list[Group]]":
        from api.groups import sized  # noqa: PLC0415 - the types refer to each other

        return sized(self.actor, await groups.of_contacts(self.actor, self.ids))

    async def _proofs(self) -> "dict[int, ConsentEvent]":
        from api.feed import ConsentEvent, EventPage  # noqa: PLC0415 - the types refer to each other

        points = await self.points.fetch()
        positions = {point.proof for held in points.values() for point in held if point.proof is not None}
        events = await by_positions(self.actor, sorted(positions))
        page = EventPage(self.info, events)
        return {event.position: ConsentEvent.of(event, page) for event in events}

    async def _troubles(self) -> dict[UUID, Trouble]:
        points = await self.points.fetch()
        return await troubles(self.actor, [point.address_id for held in points.values() for point in held])

    async def _policy(self) -> dict[str, OptOutPolicy]:
        return {"policy": (await accounts.account(self.actor)).opt_out_policy}


async def wrapped(info: Info, rows: Iterable[ContactRow]) -> "list[Contact]":
    """The rows as contacts of one page, with what the query will ask of them."""
    from api.contacts.types import Contact  # noqa: PLC0415 - the types refer to each other

    held = list(rows)
    page = ContactPage(info, [row.id for row in held])
    if held:
        await ahead(info, page.needed_by)
    return [Contact.of(row, page) for row in held]


async def wrapped_by_id(info: Info, contact_ids: Iterable[UUID]) -> "dict[UUID, Contact]":
    """Those of the contacts that the account has, by id."""
    rows = await queries.by_ids(info.context.actor, list(dict.fromkeys(contact_ids)))
    return {contact.row.id: contact for contact in await wrapped(info, rows.values())}

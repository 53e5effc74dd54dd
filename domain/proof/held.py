"""Everything that is held about one contact, read together."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.accounts import queries as accounts
from domain.accounts.models import Account, Topic
from domain.actor import Actor
from domain.contacts import queries as contacts
from domain.contacts.rows import ContactRow, PointRow, SubscriptionRow
from domain.errors import not_found
from domain.groups import queries as groups
from domain.inbound.trouble import Trouble, troubles
from domain.ledger.events import Event, history
from domain.messages.authorized import Authorized, authorizations
from domain.messages.deliveries import Written, written_to
from domain.messages.journeys.missed import Entered, entries_of
from domain.signups.waiting import Waiting, waiting
from domain.values import Channel

_AT_ONCE: Final = 1_000
_MAIL: Final = frozenset({Channel.EMAIL})
_PHONE: Final = frozenset({Channel.SMS, Channel.CALL})


@dataclass(frozen=True, slots=True)
class Held:
    """A contact, what belongs to it, and its ledger entries, oldest first, those of addresses it shares included."""

    account: Account
    contact: ContactRow
    points: Sequence[PointRow]
    topics: Sequence[tuple[Topic, SubscriptionRow]]
    tags: Sequence[str]
    groups: Sequence[str]
    troubles: dict[UUID, Trouble]
    events: Sequence[Event]
    authorizations: Sequence[Authorized] = ()
    """What was answered to those who asked whether they may send, newest first."""
    journeys: Sequence[Entered] = ()
    messages: Sequence[Written] = ()
    signups: Sequence[Waiting] = ()
    """What forms sent that is not worked off yet."""

    @property
    def topic_names(self) -> dict[UUID, str]:
        """The topics' names by id."""
        return {topic.id: topic.name for topic, _ in self.topics}


async def held(actor: Actor, contact_id: UUID) -> Held:
    """Everything about a contact. Raises DomainError NOT_FOUND, also after they were erased."""
    contact = (await contacts.by_ids(actor, [contact_id])).get(contact_id)
    if contact is None:
        raise not_found("contact", "contactId")
    points = (await contacts.points(actor, [contact_id]))[contact_id]
    known = {topic.id: topic for topic in await accounts.topics(actor)}
    switches = (await contacts.topics(actor, [contact_id]))[contact_id]
    return Held(
        account=await accounts.account(actor),
        contact=contact,
        points=points,
        topics=[(known[switch.topic_id], switch) for switch in switches if switch.topic_id in known],
        tags=(await contacts.tags(actor, [contact_id]))[contact_id],
        groups=[group.name for group in (await groups.of_contacts(actor, [contact_id]))[contact_id]],
        troubles=await troubles(actor, [point.address_id for point in points]),
        events=await _events(actor, contact_id),
        authorizations=await authorizations(actor, contact_id, datetime.now(UTC), most=_AT_ONCE),
        journeys=await entries_of(actor, contact_id),
        messages=await written_to(actor, contact_id),
        signups=await waiting(actor, _values(points, _MAIL), _values(points, _PHONE)),
    )


def _values(points: Sequence[PointRow], channels: AbstractSet[Channel]) -> list[str]:
    return [point.value for point in points if point.channel in channels]


async def _events(actor: Actor, contact_id: UUID) -> list[Event]:
    newest: list[Event] = []
    before = None
    while page := await history(actor, contact_id, _AT_ONCE, before):
        newest += page
        before = page[-1].position
    return newest[::-1]

"""The cards above the list: how many contacts stand where, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.actor import Actor
from domain.contacts.filter import ContactFilter
from domain.values import Channel, ConsentStatus


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """How many contacts' primary address of the channel has this consent."""

    channel: Channel
    consent: ConsentStatus
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Contacts counted. `opted_out` is everyone who is not opted in; archived contacts count in all but `active`.

    `undeliverable`: the primary address is in ERROR. `by_consent` holds every channel and consent, noughts too.
    """

    total: int
    active: int
    archived: int
    opted_in: int
    opted_out: int
    subscribed: int
    undeliverable: int
    by_consent: Sequence[ConsentCount]


async def summary(actor: Actor, channel: Channel = Channel.EMAIL, where: ContactFilter | None = None) -> Summary:
    """The account's contacts counted, or those of a filter. Raises DomainError for a bad filter.

    Without a filter the maintained counts are summed; with one the contacts are counted.
    """
    raise NotImplementedError

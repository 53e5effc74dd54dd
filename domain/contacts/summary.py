"""The cards above the list: how many contacts stand where, exactly."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from domain.actor import Actor
from domain.contacts import planned
from domain.contacts.counts import cells
from domain.contacts.filter import ContactFilter
from domain.contacts.filter_sql import condition
from domain.contacts.rows import OPTED_IN
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

# The cells of `counts`, counted.
_COUNTED = """
WITH chosen AS MATERIALIZED (
  SELECT c.id, s.lifecycle, s.topic_on FROM contact c JOIN contact_state s ON s.account_id = $1 AND s.contact_id = c.id
   WHERE c.account_id = $1 AND {chosen}
)
SELECT NULL::channel AS channel, lifecycle, NULL::consent_status AS consent, NULL::deliverability AS deliverability,
       topic_on, count(*) AS contacts
  FROM chosen GROUP BY lifecycle, topic_on
 UNION ALL
SELECT a.channel, h.lifecycle, a.consent, a.deliverability, h.topic_on, count(*)
  FROM chosen h
  JOIN contact_point p ON p.account_id = $1 AND p.contact_id = h.id AND p.slot = 1
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 GROUP BY 1, 2, 3, 4, 5
"""


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
    parameters: list[Any] = [actor.account_id]
    test = condition(where, None, parameters)
    if test.always:
        return _summary(await cells(actor.account_id), channel)
    return _summary(await planned.fetch(_COUNTED.format(chosen=test.everywhere), parameters), channel)


def _summary(found: Sequence[Any], channel: Channel) -> Summary:
    lives: Counter[str] = Counter()
    consents: Counter[tuple[str, str]] = Counter()
    opted_in = subscribed = undeliverable = 0
    for cell in found:
        n = cell["contacts"]
        if cell["channel"] is None:
            lives[cell["lifecycle"]] += n
            continue
        consents[cell["channel"], cell["consent"]] += n
        if cell["channel"] != channel:
            continue
        undeliverable += n if cell["deliverability"] == Deliverability.ERROR else 0
        if cell["consent"] in OPTED_IN:
            opted_in += n
            reached = cell["lifecycle"] == Lifecycle.ACTIVE and cell["deliverability"] == Deliverability.OK
            subscribed += n if reached and cell["topic_on"] else 0
    total = lives.total()
    return Summary(
        total=total,
        active=lives[Lifecycle.ACTIVE],
        archived=lives[Lifecycle.ARCHIVED],
        opted_in=opted_in,
        opted_out=total - opted_in,
        subscribed=subscribed,
        undeliverable=undeliverable,
        by_consent=[ConsentCount(*cell, consents[cell]) for cell in product(Channel, ConsentStatus)],
    )

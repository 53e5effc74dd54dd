"""What a filter says of one contact, and whether it is always true: tried in every world that it can tell apart.

A bulk change takes no such filter: `everyone: true` is how to say everyone (rules.md, "Status of all").
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from math import prod
from typing import Any

from domain.contacts.filter import ContactFilter, OptStatus, children, nodes
from domain.contacts.rows import OPTED_IN
from domain.contacts.search import patterns
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

# More worlds than this are not tried: so many independent conditions are no accident.
MOST_WORLDS = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(milliseconds=1)

Address = tuple[ConsentStatus, Deliverability] | None


def has_empty(where: ContactFilter) -> bool:
    """Whether a list in it is empty: someone's choice of nothing, which must not come to mean everyone."""
    lists = (values for node in nodes(where) for values in (node.and_, node.or_, node.consent, node.contact_type))
    return any(values is not None and not values for values in lists)


def always_true(where: ContactFilter) -> bool:
    """Whether no contact could fail the filter; also False when there are too many worlds to try."""
    found = axes(where)
    if prod(len(values) for values in found.values()) > MOST_WORLDS:
        return False
    return all(holds(where, world) for world in _worlds(found))


@dataclass(frozen=True, slots=True)
class Axis:
    """Something about a contact that can be one way or another, apart from everything else."""

    what: str
    which: Any = None


World = Mapping[Axis, Any]
LIFECYCLE, TOPIC_ON, _TYPE, _CREATED = Axis("lifecycle"), Axis("topic_on"), Axis("type"), Axis("created")
_ADDRESSES: list[Any] = [None, *product(ConsentStatus, Deliverability)]


def address_of(channel: Channel) -> Axis:
    """The channel's primary address: its consent and deliverability, or None."""
    return Axis("address", channel)


def _worlds(axes: dict[Axis, list[Any]]) -> Iterator[World]:
    return (dict(zip(axes, values, strict=True)) for values in product(*axes.values()))


def axes(where: ContactFilter, enclosing: Channel = Channel.EMAIL) -> dict[Axis, list[Any]]:
    """What the filter looks at, with the values worth telling apart."""
    channel = where.channel or enclosing
    found: dict[Axis, list[Any]] = {}
    if where.status or where.deliverability or where.consent is not None or where.subscribed is not None:
        found[address_of(channel)] = _ADDRESSES
    if where.subscribed is not None:
        found[TOPIC_ON] = [True, False]
    if where.subscribed is not None or where.lifecycle:
        found[LIFECYCLE] = list(Lifecycle)
    if where.contact_type is not None:
        found[_TYPE] = [None, *where.contact_type]
    for moment in (where.created_after, where.created_before):
        if moment is not None:
            found[_CREATED] = found.get(_CREATED, []) + _around(moment)
    found |= {axis: [True, False] for axis in _choices(where)}
    for child in children(where):
        for axis, values in axes(child, channel).items():
            found[axis] = list(dict.fromkeys([*found.get(axis, []), *values]))
    return found


def _choices(where: ContactFilter) -> list[Axis]:
    """What is simply so or not."""
    named = {"topic": where.topic, "group": where.group, "tag": where.tag, "imported_by": where.imported_by}
    choices = [Axis(what, which) for what, which in named.items() if which is not None]
    if where.search is not None and patterns(where.search):
        choices.append(Axis("search", where.search))
    return choices


def holds(where: ContactFilter, world: World, enclosing: Channel = Channel.EMAIL) -> bool:
    """Whether the filter is true of a contact in this world, which must answer for every axis of the filter."""
    channel = where.channel or enclosing
    return (
        _permission_holds(where, world, world.get(address_of(channel)))
        and all(world[axis] for axis in _choices(where))
        and (where.search is None or patterns(where.search) != [])
        and (where.lifecycle is None or world[LIFECYCLE] is where.lifecycle)
        and (where.contact_type is None or world[_TYPE] in [*where.contact_type])
        and (where.created_after is None or world[_CREATED] > _aware(where.created_after))
        and (where.created_before is None or world[_CREATED] < _aware(where.created_before))
        and all(holds(child, world, channel) for child in where.and_ or ())
        and (where.or_ is None or any(holds(child, world, channel) for child in where.or_))
        and (where.not_ is None or not holds(where.not_, world, channel))
    )


def _permission_holds(where: ContactFilter, world: World, address: Address) -> bool:
    consent, deliverability = address or (None, None)
    opted_in = consent in OPTED_IN
    if where.subscribed is not None:
        sendable = opted_in and deliverability is Deliverability.OK
        if where.subscribed is not (sendable and world[TOPIC_ON] and world[LIFECYCLE] is Lifecycle.ACTIVE):
            return False
    return (
        (where.status is None or opted_in is (where.status is OptStatus.OPTED_IN))
        and (where.consent is None or consent in where.consent)
        and (where.deliverability is None or deliverability is where.deliverability)
    )


def _around(moment: datetime) -> list[datetime]:
    """Just before, at and after a moment; nothing was created before 1970."""
    moment = max(_aware(moment), _EPOCH + _MOMENT)
    return [moment - _MOMENT, moment, min(moment, datetime.max.replace(tzinfo=UTC) - _MOMENT) + _MOMENT]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

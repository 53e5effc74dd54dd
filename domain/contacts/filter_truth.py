"""Whether a filter is always true: tried in every world that it can tell apart.

A bulk change takes no such filter: `everyone: true` is how to say everyone (rules.md, "Status of all").
"""

from collections.abc import Iterator
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
    axes = _axes(where, Channel.EMAIL)
    if prod(len(values) for values in axes.values()) > MOST_WORLDS:
        return False
    return all(_holds(where, Channel.EMAIL, world) for world in _worlds(axes))


@dataclass(frozen=True, slots=True)
class _Axis:
    """Something about a contact that can be one way or another, apart from everything else."""

    what: str
    which: Any = None


World = dict[_Axis, Any]
_LIFECYCLE, _TOPIC_ON, _TYPE, _CREATED = _Axis("lifecycle"), _Axis("topic_on"), _Axis("type"), _Axis("created")
_ADDRESSES: list[Any] = [None, *product(ConsentStatus, Deliverability)]


def _worlds(axes: dict[_Axis, list[Any]]) -> Iterator[World]:
    return (dict(zip(axes, values, strict=True)) for values in product(*axes.values()))


def _axes(where: ContactFilter, enclosing: Channel) -> dict[_Axis, list[Any]]:
    """What the filter looks at, with the values worth telling apart."""
    channel = where.channel or enclosing
    axes: dict[_Axis, list[Any]] = {}
    if where.status or where.deliverability or where.consent is not None or where.subscribed is not None:
        axes[_Axis("address", channel)] = _ADDRESSES
    if where.subscribed is not None:
        axes[_TOPIC_ON] = [True, False]
    if where.subscribed is not None or where.lifecycle:
        axes[_LIFECYCLE] = list(Lifecycle)
    if where.contact_type is not None:
        axes[_TYPE] = [None, *where.contact_type]
    for moment in (where.created_after, where.created_before):
        if moment is not None:
            axes[_CREATED] = axes.get(_CREATED, []) + _around(moment)
    axes |= {axis: [True, False] for axis in _choices(where)}
    for child in children(where):
        for axis, values in _axes(child, channel).items():
            axes[axis] = list(dict.fromkeys([*axes.get(axis, []), *values]))
    return axes


def _choices(where: ContactFilter) -> list[_Axis]:
    """What is simply so or not."""
    named = {"topic": where.topic, "group": where.group, "tag": where.tag, "imported_by": where.imported_by}
    choices = [_Axis(what, which) for what, which in named.items() if which is not None]
    if where.search is not None and patterns(where.search):
        choices.append(_Axis("search", where.search))
    return choices


def _holds(where: ContactFilter, enclosing: Channel, world: World) -> bool:
    channel = where.channel or enclosing
    return (
        _permission_holds(where, world, world.get(_Axis("address", channel)))
        and all(world[axis] for axis in _choices(where))
        and (where.search is None or patterns(where.search) != [])
        and (where.lifecycle is None or world[_LIFECYCLE] is where.lifecycle)
        and (where.contact_type is None or world[_TYPE] in [*where.contact_type])
        and (where.created_after is None or world[_CREATED] > _aware(where.created_after))
        and (where.created_before is None or world[_CREATED] < _aware(where.created_before))
        and all(_holds(child, channel, world) for child in where.and_ or ())
        and (where.or_ is None or any(_holds(child, channel, world) for child in where.or_))
        and (where.not_ is None or not _holds(where.not_, channel, world))
    )


def _permission_holds(where: ContactFilter, world: World, address: Address) -> bool:
    consent, deliverability = address or (None, None)
    opted_in = consent in OPTED_IN
    if where.subscribed is not None:
        sendable = opted_in and deliverability is Deliverability.OK
        if where.subscribed is not (sendable and world[_TOPIC_ON] and world[_LIFECYCLE] is Lifecycle.ACTIVE):
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

"""How many contacts match a filter of permission alone, from the maintained counts: no contact is looked at."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from domain.contacts.filter import ContactFilter
from domain.contacts.filter_truth import LIFECYCLE, TOPIC_ON, address_of, axes, holds
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle


def is_of_cells(where: ContactFilter | None) -> bool:
    """Whether the filter looks at nothing but lifecycle, topics at all, and the address of one channel at most."""
    looked_at = axes(where or ContactFilter()).keys() - {LIFECYCLE, TOPIC_ON}
    return len(looked_at) <= 1 and all(axis.what == "address" for axis in looked_at)


def total_of_cells(cells: Sequence[Any], where: ContactFilter | None) -> int:
    """How many contacts match such a filter. `cells`: as `counts.cells` answers."""
    where = where or ContactFilter()
    addresses = axes(where).keys() - {LIFECYCLE, TOPIC_ON}
    channel: Channel | None = next((axis.which for axis in addresses), None)
    total = 0
    without: Counter[tuple[Lifecycle, bool]] = Counter()
    for cell in cells:
        state = Lifecycle(cell["lifecycle"]), cell["topic_on"]
        if cell["channel"] is None:
            without[state] += cell["contacts"]
        elif cell["channel"] == channel:
            without[state] -= cell["contacts"]
            address = ConsentStatus(cell["consent"]), Deliverability(cell["deliverability"])
            total += cell["contacts"] * _matches(where, state, channel, address)
    return total + sum(n * _matches(where, state, channel, None) for state, n in without.items())


def _matches(
    where: ContactFilter,
    state: tuple[Lifecycle, bool],
    channel: Channel | None,
    address: tuple[ConsentStatus, Deliverability] | None,
) -> bool:
    world = {LIFECYCLE: state[0], TOPIC_ON: state[1]}
    return holds(where, world | ({address_of(channel): address} if channel else {}))

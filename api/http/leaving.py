"""Going away: whoever listens is told before the process ends, so that clients go on elsewhere at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

_PATIENCE: Final = 2.0
"""Seconds that clients have to take their leave."""
Goodbye: TypeAlias = Callable[[], Awaitable[None]]


class _Door:
    """Who is inside, and whether everybody has been asked to go."""

    def __init__(self) -> None:
        self.inside: set[Goodbye] = set()
        self.closed = False


_door = _Door()


@contextmanager
def listening(goodbye: Goodbye) -> Iterator[None]:
    """Be told when the process is about to end, for as long as the block lasts."""
    _door.inside.add(goodbye)
    try:
        yield
    finally:
        _door.inside.discard(goodbye)


def is_leaving() -> bool:
    """Whether the process is about to end."""
    return _door.closed


async def leave() -> None:
    """Tell everybody, and give them a moment."""
    _door.closed = True
    told = [asyncio.ensure_future(goodbye()) for goodbye in list(_door.inside)]
    if told:
        _, slow = await asyncio.wait(told, timeout=_PATIENCE)
        for one in slow:
            one.cancel()

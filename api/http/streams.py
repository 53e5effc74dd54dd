"""How many subscriptions a process serves, and a key has open: each holds memory and asks the database."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from api.documents import Rejected
from api.errors import RATE_LIMITED, UNAVAILABLE, coded
from api.http.metrics import STREAMS
from domain.actor import Actor
from domain.infra.settings import settings

MOST_A_KEY: Final = 500
"""Subscriptions that a key may have open on one process, whatever the transport."""
RETRY_SECONDS: Final = 5
_open: Counter[str] = Counter()


@contextmanager
def stream_of(actor: Actor) -> Iterator[None]:
    """Count a subscription for as long as the block lasts. Raises Rejected when there are too many."""
    if _open.total() >= settings().max_streams:
        raise _rejected("This server has no room for another subscription.", UNAVAILABLE)
    if _open[actor.name] >= MOST_A_KEY:
        raise _rejected(f"A key may have {MOST_A_KEY} subscriptions open.", RATE_LIMITED)
    _open[actor.name] += 1
    try:
        with STREAMS.track_inprogress():
            yield
    finally:
        _open[actor.name] -= 1
        if not _open[actor.name]:
            del _open[actor.name]


def _rejected(words: str, code: str) -> Rejected:
    return Rejected([coded(words, code, retryAfter=RETRY_SECONDS)], code, RETRY_SECONDS)

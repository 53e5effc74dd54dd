"""What a key may spend: a leaky bucket of points, told to clients in the RateLimit headers.

Source: draft-ietf-httpapi-ratelimit-headers-10 (`RateLimit-Policy`, `RateLimit`), RFC 9110 (`Retry-After`).
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Final

from api.documents import Rejected
from api.errors import RATE_LIMITED, coded
from domain.actor import Actor
from domain.infra.bucket import pour
from domain.infra.settings import settings

REFUSED_COST: Final = 1_000
"""Points for a document that is refused: reading it was work, too."""
_MOST_KEPT: Final = 10_000
_spent: "OrderedDict[str, float]" = OrderedDict()
"""Until when a key has nothing left, so that it is refused without reading its documents."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's points after a request."""

    remaining: int
    reset: float
    """Seconds until all of them are back."""

    @property
    def headers(self) -> dict[str, str]:
        """The draft's two fields; `w` and `t` are in seconds."""
        given = settings()
        window = ceil(given.rate_capacity / given.rate_restore)
        return {
            "ratelimit-policy": f'"points";q={given.rate_capacity};w={window}',
            "ratelimit": f'"points";r={self.remaining};t={ceil(self.reset)}',
        }


async def charge(actor: Actor, cost: int) -> Allowance | None:
    """Take points from a key's bucket: at least one. None where nothing is limited, or Redis is away.

    Raises Rejected RATE_LIMITED, with the seconds until these points are there again.
    """
    found, wait = await _pour(actor, cost)
    if wait:
        raise limited(wait, found)
    return found


async def charge_refused(actor: Actor) -> Allowance | None:
    """Take points for a document that is refused. A key without them has nothing read for a moment.

    Raises Rejected RATE_LIMITED.
    """
    found, wait = await _pour(actor, REFUSED_COST)
    if wait:
        _remember(actor.name, wait)
        raise limited(wait, found)
    return found


async def _pour(actor: Actor, cost: int) -> tuple[Allowance | None, float]:
    """What is left, and how many seconds are missing."""
    given = settings()
    if not given.rate_restore or not actor.scopes:
        return None, 0.0
    points = min(max(cost, 1), given.rate_capacity)
    found = await pour(actor.name, points, given.rate_capacity, given.rate_restore)
    if found is None:
        return None, 0.0
    left = Allowance(max(0, int(given.rate_capacity - found.level)), found.level / given.rate_restore)
    return left, 0.0 if found.fits else (found.level + points - given.rate_capacity) / given.rate_restore


def refuse_spent(actor: Actor) -> None:
    """Raise Rejected RATE_LIMITED for a key that is known to have nothing left."""
    until = _spent.get(actor.name)
    if until is None:
        return
    if until > monotonic():
        wait = until - monotonic()
        raise limited(wait, Allowance(0, wait))
    del _spent[actor.name]


def limited(wait: float, left: Allowance | None) -> Rejected:
    """What a key without points is told; `retryAfter` is in seconds."""
    seconds = max(1, ceil(wait))
    words = f"This key has used up its points. Try again in {seconds} s."
    found = Rejected([coded(words, RATE_LIMITED, retryAfter=seconds)], RATE_LIMITED, seconds)
    found.headers = left.headers if left else {}
    return found


def _remember(name: str, wait: float) -> None:
    _spent[name] = monotonic() + min(wait, 1.0)
    if len(_spent) > _MOST_KEPT:
        _spent.popitem(last=False)

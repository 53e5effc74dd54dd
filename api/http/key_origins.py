"""Keys that are bound to origins: which pages may use them, and what a browser is told before it has sent the key."""

from collections import OrderedDict
from time import monotonic
from typing import Final

import asyncpg

from domain.accounts.keys import is_origin_of_a_key
from domain.actor import Actor
from domain.infra.log import logger

KEPT_SECONDS: Final = 10.0
"""How long an answer is believed: a new key's pages can call after this at the latest."""
_MOST: Final = 1_000
_known: "OrderedDict[str, tuple[float, bool]]" = OrderedDict()

log = logger("api")


def may_use(actor: Actor, origin: str | None) -> bool:
    """Whether a request of this origin may use the actor's key; one that names none comes from no page."""
    return not actor.origins or origin in actor.origins


async def is_key_origin(origin: str) -> bool:
    """Whether some key is bound to the origin, so that a preflight of its pages is let through."""
    kept = _known.get(origin)
    if kept is not None and kept[0] > monotonic():
        return kept[1]
    try:
        found = await is_origin_of_a_key(origin)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        log.warning("an origin could not be looked up", exception=type(error).__name__)
        return False
    _known[origin] = (monotonic() + KEPT_SECONDS, found)
    _known.move_to_end(origin)
    if len(_known) > _MOST:
        _known.popitem(last=False)
    return found


def forget_origins() -> None:
    """Forget every answer, so that the next preflight asks the database."""
    _known.clear()

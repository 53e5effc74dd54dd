"""A credential becomes an actor: `Authorization: Bearer <key>`, in a header or in a socket's first message."""

from collections import OrderedDict
from time import monotonic

from domain.accounts.keys import authenticate
from domain.actor import Actor

KEPT_SECONDS = 5.0
"""How long a verified key is believed without asking again: a revoked one works no longer than this."""
_MOST_KEPT = 10_000
_verified: "OrderedDict[str, tuple[float, Actor]]" = OrderedDict()


async def actor_for(authorization: str | None) -> Actor | None:
    """The actor behind an Authorization header, or None when it names no valid key."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        return None
    kept = _verified.get(key)
    if kept is not None and kept[0] > monotonic():
        return kept[1]
    return await _verify(key)


async def _verify(key: str) -> Actor | None:
    actor = await authenticate(key)
    if actor is None:
        _verified.pop(key, None)
        return None
    _verified[key] = (monotonic() + KEPT_SECONDS, actor)
    _verified.move_to_end(key)
    if len(_verified) > _MOST_KEPT:
        _verified.popitem(last=False)
    return actor


def forget_keys() -> None:
    """Forget every verified key, so that the next request asks the database."""
    _verified.clear()

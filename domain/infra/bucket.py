"""A leaky bucket in Redis: what somebody may spend at once, and how fast it comes back. One round trip a look.

When Redis is away nobody is held up: what cannot be counted is let pass, and that is logged.
"""

from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, cast

from redis.exceptions import NoScriptError

from domain.infra import telemetry
from domain.infra.log import logger
from domain.infra.redis import AWAY, client

_PAUSE: Final = 1.0
"""Seconds in which a Redis that failed is not asked again, so that requests do not wait for it one by one."""
# The level falls by itself; a pour that would overflow leaves it as it is. The clock is Redis's own.
_POUR: Final = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local poured, capacity, leak = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level = math.max(0, (tonumber(kept[1]) or 0) - (at - (tonumber(kept[2]) or at)) * leak)
local fits = level + poured <= capacity
if fits then level = level + poured end
redis.call('HSET', KEYS[1], 'level', string.format('%.3f', level), 'at', string.format('%.6f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / leak * 1000) + 1000)
return {fits and 1 or 0, string.format('%.3f', level)}
"""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is after a pour, and whether the pour went in."""

    fits: bool
    level: float


@dataclass(slots=True)
class _Script:
    """The script as Redis knows it, and until when Redis is taken to be away."""

    sha: str | None = None
    away_until: float = 0.0


_script = _Script()


async def pour(name: str, amount: int, capacity: int, leak: float) -> Level | None:
    """Pour an amount into the bucket of this name, which holds `capacity` and loses `leak` a second.

    None when Redis is away.
    """
    if monotonic() < _script.away_until:
        return None
    try:
        with telemetry.span("pour", **{"db.system": "redis"}):
            fits, level = await _run(f"assent:bucket:{name}", amount, capacity, leak)
    except AWAY as error:
        _script.away_until = monotonic() + _PAUSE
        log.warning("redis is away; nothing is limited meanwhile", exception=type(error).__name__)
        return None
    return Level(bool(fits), float(level))


async def _run(key: str, *amounts: float) -> tuple[int, bytes]:
    redis, given = client(), [str(amount) for amount in amounts]
    if _script.sha is not None:
        with suppress(NoScriptError):
            return cast(tuple[int, bytes], await redis.evalsha(_script.sha, 1, key, *given))  # type: ignore[misc]
    _script.sha = await redis.script_load(_POUR)
    return cast(tuple[int, bytes], await redis.evalsha(_script.sha, 1, key, *given))  # type: ignore[misc]


def forget() -> None:
    """Forget that Redis was away, and what it was told: for a process that points at another one."""
    _script.sha, _script.away_until = None, 0.0

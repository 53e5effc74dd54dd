"""The queue that wakes workers. A job carries ids alone: what is to be done stands in its row."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson

from domain.infra import redis, telemetry
from domain.infra.lazily import deferred
from domain.infra.log import logger

with deferred("jwt"):
    from arq.connections import ArqRedis
    from redis.exceptions import RedisError

BULK = "bulk"
"""The job that works a slice of a bulk operation off."""
MAIL = "mail"
"""The job that sends an account's mail."""
STREAM = "stream"
"""The job that sends a slice of a batch of mails."""
SIGNUP = "signup"
"""The job that works an account's sign-ups off."""
NAME = "assent:queue"
ALIVE = "assent:worker:"
"""A live worker keeps a key with this prefix."""
_TIMEOUT = 2.0
_EXPIRES = 600
"""Seconds after which a job that nobody took is dropped; the sweep rings for what it stood for."""

log = logger(__name__)
_ringing: set[asyncio.Task[None]] = set()


def jobs() -> ArqRedis:
    """A client of arq on the process's Redis connections, with JSON in place of pickle."""
    return ArqRedis(
        redis.connection_pool(), job_serializer=orjson.dumps, job_deserializer=orjson.loads, default_queue_name=NAME
    )


def ring(job: str, account_id: UUID, operation_id: UUID, token: str | None = None) -> None:
    """Have a worker look at an operation. To be called after the commit; it neither waits nor raises.

    Two rings with the same `token` are one while the first is waiting or under way.
    """
    task = asyncio.get_running_loop().create_task(_ring(job, account_id, operation_id, token or uuid4().hex))
    _ringing.add(task)
    task.add_done_callback(_ringing.discard)


async def drain() -> None:
    """Wait until every ring so far has been heard or given up."""
    while _ringing:
        await asyncio.wait(_ringing)


async def depth() -> int:
    """How many jobs wait or run. Raises RedisError, OSError or TimeoutError when Redis is away."""
    return int(await redis.client().zcard(NAME))


async def worker_alive() -> bool:
    """Whether a worker has reported in the last seconds. Raises as `depth` does."""
    keys: Any = redis.client().scan_iter(match=f"{ALIVE}*", count=1_000)
    return bool([key async for key in keys])


async def _ring(job: str, account_id: UUID, operation_id: UUID, token: str) -> None:
    try:
        with telemetry.span(f"ring {job}", **{"db.system": "redis"}):
            trace: dict[str, Any] = {telemetry.TRACE: carried} if (carried := telemetry.carried()) else {}
            async with asyncio.timeout(_TIMEOUT):
                await jobs().enqueue_job(
                    job,
                    str(account_id),
                    str(operation_id),
                    _job_id=f"{job}:{operation_id}:{token}",
                    _expires=_EXPIRES,
                    **trace,
                )
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("the bell was not rung; the sweep will", job=job, exception=type(error).__name__)

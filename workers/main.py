"""The worker process: arq's, with what it needs to end gracefully and to be seen alive."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from signal import Signals
from typing import Any, Final, cast

import asyncpg
import orjson
from arq.cron import cron
from arq.typing import StartupShutdown, WorkerCoroutine
from arq.worker import Function, func
from arq.worker import Worker as ArqWorker
from redis.exceptions import RedisError

from domain.infra import db, queue, redis, telemetry
from domain.infra.log import logger
from domain.infra.settings import settings
from workers.bulk import bulk
from workers.files import files
from workers.journeys import watch_journeys
from workers.mail import check_mail, close_mail, mail, stream, sweep_mail
from workers.signups import signup, sweep_signups
from workers.sweep import INTERVAL, sweep, tidy
from workers.webhooks import webhooks

JOBS = 4
"""Jobs at a time; each holds a database connection or two."""
JOB_SECONDS = 3_600
"""arq's limit for a job. A slice takes a few seconds and has a limit of its own; an export is written in one go."""
GRACE = 20
"""Seconds that a part under way has to end after SIGTERM."""
NICENESS = 5
"""How far jobs stand back (`nice`) from the requests of an API on the same machine."""
REDIS_SECONDS = 5.0
"""Seconds that Redis may take to answer before it counts as away."""
_AWAY: Final = (RedisError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

log = logger(__name__)


class Worker(ArqWorker):
    """arq's worker; its jobs learn at once that the process is to end, and stop after the part under way."""

    def __init__(self, functions: Sequence[Function], **options: Any) -> None:
        jobs = [replace(one, coroutine=telemetry.traced(one.name, one.coroutine)) for one in functions]
        super().__init__(jobs, **options)

    def handle_sig_wait_for_completion(self, signum: Signals) -> None:
        """SIGTERM or SIGINT: take nothing new, let the parts under way end, then leave. Any number of times."""
        self.ctx["stopping"].set()
        if self.allow_pick_jobs:
            super().handle_sig_wait_for_completion(signum)


def run() -> None:
    """Work through the queue until a signal. Without Redis or PostgreSQL: exit 1, to be started again."""
    os.nice(NICENESS)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # a list is read fast enough with one
    try:
        asyncio.run(_serve())
    except _AWAY as error:
        log.error("a server is away", exception=type(error).__name__)  # noqa: TRY400 - the trace says no more
        sys.exit(1)


async def _serve() -> None:
    check_mail()
    telemetry.start("assent-worker")
    redis.connect(settings().redis_url or "", timeout=REDIS_SECONDS)
    await db.connect(settings().database_url or "", settings().pool_size)
    worker = _worker()
    delivering = asyncio.create_task(webhooks(worker.ctx["stopping"]))
    try:
        with suppress(asyncio.CancelledError):  # how arq ends on a signal
            await worker.async_run()
    finally:
        worker.ctx["stopping"].set()
        await asyncio.wait([delivering], timeout=GRACE)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        with suppress(*_AWAY):
            await worker.close()
        await queue.drain()
        await redis.close()
        await db.close()
        telemetry.stop()


def _worker() -> Worker:
    return Worker(
        functions=[
            func(bulk, name=queue.BULK),
            func(mail, name=queue.MAIL),
            func(stream, name=queue.STREAM),
            func(signup, name=queue.SIGNUP),
        ],
        cron_jobs=[
            cron(cast("WorkerCoroutine", sweep), second=set(range(0, 60, INTERVAL)), run_at_startup=True),
            cron(cast("WorkerCoroutine", sweep_mail), second=set(range(1, 60, INTERVAL))),
            cron(cast("WorkerCoroutine", sweep_signups), second=set(range(1, 60, INTERVAL))),
            cron(cast("WorkerCoroutine", watch_journeys), second=set(range(0, 60, 5))),
            cron(cast("WorkerCoroutine", tidy), second={5, 15, 25, 35, 45, 55}),
            cron(cast("WorkerCoroutine", files), minute=17, second=7),
        ],
        on_shutdown=cast("StartupShutdown", close_mail),
        redis_pool=queue.jobs(),
        queue_name=queue.NAME,
        ctx={"stopping": asyncio.Event()},
        max_jobs=JOBS,
        job_timeout=JOB_SECONDS,
        job_completion_wait=GRACE,
        keep_result=0,
        max_tries=3,
        poll_delay=settings().poll_delay,
        health_check_interval=5,
        health_check_key=f"{queue.ALIVE}{socket.gethostname()}:{os.getpid()}",
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        log_results=False,
    )

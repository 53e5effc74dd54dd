"""Is the process alive, and can it serve? For supervisors and load balancers."""

import asyncio
from collections.abc import Awaitable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from domain.infra import queue, redis
from domain.infra.db import pool

_PATIENCE: Final = 2.0


async def healthz(_request: Request) -> JSONResponse:
    """`GET /healthz`: 200 while the process answers at all."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request) -> JSONResponse:
    """`GET /readyz`: 200 when the database, Redis and a live worker are there; else 503, each named."""
    names = ("database", "redis", "worker")
    works = await asyncio.gather(_works(_database()), _works(_redis()), _works(queue.worker_alive()))
    parts = {name: "ok" if fine else "missing" for name, fine in zip(names, works, strict=True)}
    ready = all(works)
    return JSONResponse({"status": "ok" if ready else "unavailable", **parts}, 200 if ready else 503)


async def _works(check: Awaitable[bool]) -> bool:
    try:
        return await asyncio.wait_for(check, _PATIENCE)
    except Exception:  # noqa: BLE001 - whatever it is, the part is not there
        return False


async def _database() -> bool:
    return bool(await pool().fetchval("SELECT true"))


async def _redis() -> bool:
    return bool(await redis.client().ping())

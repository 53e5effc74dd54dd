"""`assent doctor`: says what works and what does not."""

import asyncio
import platform
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

import typer

from cli.environment import complete

if TYPE_CHECKING:
    from domain.infra.settings import Settings

_SECONDS = 5


class Finding(NamedTuple):
    """One thing looked at: whether it is well, and the words that go with it."""

    well: bool
    what: str
    words: str


def doctor() -> None:
    """Report what is reachable, in which version, and what is pending or stranded; status 1 when something is wrong."""
    given = complete("database_url", "redis_url")
    findings = asyncio.run(_examine(given))
    for finding in findings:
        mark = typer.style("ok", fg="green") if finding.well else typer.style("!!", fg="red")
        typer.echo(f"  {mark}  {finding.what:<14} {finding.words}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


async def _examine(given: "Settings") -> list[Finding]:
    findings = [Finding(True, "assent", f"{_version()} on Python {platform.python_version()}")]
    secret = Finding(given.secret is not None, "secret", "set" if given.secret else "ASSENT_SECRET is not set")
    findings.append(secret)
    for examine in (_database, _queue):
        try:
            async with asyncio.timeout(_SECONDS):
                findings += [finding async for finding in examine(given)]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the doctor was called for
            words = str(error).splitlines()[0] if str(error) else ""
            findings.append(Finding(False, examine.__name__.strip("_"), f"{type(error).__name__} {words}".strip()))
    return findings


async def _database(given: "Settings") -> AsyncIterator[Finding]:
    from domain.bulk.stranded import stranded, unfinished
    from domain.infra import db, migrate

    url = given.database_url or ""
    missing = await migrate.pending(url)
    await db.connect(url, pool_size=2)
    try:
        number = await db.pool().fetchval("SELECT current_setting('server_version_num')::int")
        words = f"PostgreSQL {number // 10_000}.{number % 10_000}"
        yield Finding(number >= 180_000, "database", words if number >= 180_000 else f"{words}: 18 or newer is needed")
        yield Finding(not missing, "migrations", f"pending: {', '.join(missing)}" if missing else "up to date")
        if not missing:
            lost, open_ones = await stranded(), await unfinished()
            yield Finding(not lost, "bulk", f"{len(lost)} stranded, {sum(open_ones.values())} unfinished in all")
    finally:
        await db.close()


async def _queue(given: "Settings") -> AsyncIterator[Finding]:
    from domain.infra import queue, redis

    redis.connect(given.redis_url or "")
    try:
        info = await redis.client().info("server")
        words = f"{info.get('server_name', 'redis').capitalize()} {info.get('valkey_version') or info['redis_version']}"
        yield Finding(True, "queue", f"{words}, {await queue.depth()} jobs wait or run")
        alive = await queue.worker_alive()
        yield Finding(alive, "worker", "alive" if alive else "none has reported: start `assent worker`")
    finally:
        await redis.close()


def _version() -> str:
    try:
        return version("assent")
    except PackageNotFoundError:  # run from its folder, as in the container image
        return "not installed as a package,"

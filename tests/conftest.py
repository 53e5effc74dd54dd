"""What every test stands on: real servers, a database of its own worker, and nothing left from the test before.

One pair of servers serves the whole run. The process that the developer started keeps them; xdist's workers find
their URLs in the environment, and each clones its database from a template that was migrated once.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest
import redis as redis_client

_DATABASE, _REDIS = "ASSENT_TEST_DATABASE_URL", "ASSENT_TEST_REDIS_URL"
_TEMPLATE = "assent"
_servers = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the main process; point the settings of this one at its own database."""
    if config.option.collectonly:
        return
    if not hasattr(config, "workerinput"):
        config.stash[_servers] = _start()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    os.environ |= {
        "ASSENT_DATABASE_URL": _sibling(os.environ[_DATABASE], f"test_{worker}"),
        "ASSENT_REDIS_URL": _sibling(os.environ[_REDIS], str(int(worker.removeprefix("gw")) + 1)),
        "ASSENT_SECRET": "a secret that is used by tests alone",
        "ASSENT_LOG_LEVEL": "WARNING",
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    if _servers in config.stash:
        config.stash[_servers].close()


@pytest.fixture(scope="session")
async def database_url() -> str:
    """The URL of this worker's database: migrated, and empty but for what migrations put there."""
    url = os.environ["ASSENT_DATABASE_URL"]
    name = url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(_sibling(url, "postgres"))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
    finally:
        await connection.close()
    return url


@pytest.fixture(scope="session")
async def _pool(database_url: str) -> AsyncIterator[str]:
    from domain.infra import db

    await db.connect(database_url)
    rows = await db.pool().fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = [f'"{row["tablename"]}"' for row in rows]
    filled = [table for table in tables if await db.pool().fetchval(f"SELECT EXISTS (SELECT FROM {table})")]
    # What migrations filled, their own bookkeeping included, stays.
    # The ledger's trigger refuses TRUNCATE, as it should; a superuser's replica session passes it by.
    emptied = ", ".join(sorted(set(tables) - set(filled)))
    yield f"SET session_replication_role = replica; TRUNCATE {emptied}; SET session_replication_role = origin"
    await db.close()


@pytest.fixture
async def db(_pool: str) -> None:
    """An open `domain.infra.db` on an empty database."""
    from domain.infra import db

    await db.pool().execute(_pool)


@pytest.fixture
def redis_url() -> str:
    """The URL of this worker's own numbered Valkey database, emptied."""
    url = os.environ["ASSENT_REDIS_URL"]
    with redis_client.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[None]:
    """An open `domain.infra.redis` on an empty database, so that bells ring."""
    from domain.infra import redis

    redis.connect(redis_url)
    yield
    await redis.close()


def _start() -> ExitStack:
    from cli.embedded import postgres, valkey
    from domain.infra.migrate import migrate

    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-test-")))
        directory.chmod(0o711)
        server = stack.enter_context(postgres(directory, durable=False))
        os.environ[_DATABASE] = server.url
        os.environ[_REDIS] = stack.enter_context(valkey(directory, durable=False)).url
        asyncio.run(migrate(server.url))
        return stack.pop_all()


def _sibling(url: str, name: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{name}"

"""What every test stands on: real servers, and nothing left from the test before.

Each process of the run has servers of its own, started for the first test that asks for them. Databases of one
server would not do: a transaction that another process holds open holds back the feed of this one, too.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as redis_client

# To truncate is slow where there is little to remove, to delete where there is much. The ledger's triggers refuse
# both, as they should; a superuser's replica session passes them by.
_EMPTY = """
DO $$ DECLARE name regclass; BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY '{{{tables}}}'::regclass[] LOOP
    IF pg_relation_size(name) > 500000 THEN EXECUTE format('TRUNCATE %s CASCADE', name);
    ELSIF pg_relation_size(name) > 0 THEN EXECUTE format('DELETE FROM %s', name);
    END IF;
  END LOOP;
END $$
"""


def pytest_configure() -> None:
    """Settings for this process and for those that tests start."""
    os.environ |= {"ASSENT_SECRET": "a secret that is used by tests alone", "ASSENT_LOG_LEVEL": "WARNING"}


@pytest.fixture(scope="session")
def _data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="assent-test-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may run as another user
        os.environ["ASSENT_DATA_DIR"] = name
        yield Path(name)


@pytest.fixture(scope="session")
async def database_url(_data_dir: Path) -> AsyncIterator[str]:
    """The URL of a migrated database, which the settings name from now on."""
    from cli.embedded import postgres
    from domain.infra.migrate import migrate
    from domain.infra.settings import settings

    with postgres(_data_dir, durable=False) as server:
        os.environ["ASSENT_DATABASE_URL"] = server.url
        settings.cache_clear()
        await migrate(server.url)
        yield server.url


@pytest.fixture(scope="session")
def _valkey(_data_dir: Path) -> Iterator[str]:
    from cli.embedded import valkey
    from domain.infra.settings import settings

    with valkey(_data_dir, durable=False) as server:
        os.environ["ASSENT_REDIS_URL"] = server.url
        settings.cache_clear()
        yield server.url


@pytest.fixture(scope="session")
async def _pool(database_url: str) -> AsyncIterator[str]:
    from domain.infra import db

    await db.connect(database_url)
    rows = await db.pool().fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = [f'"{row["tablename"]}"' for row in rows]
    filled = [table for table in tables if await db.pool().fetchval(f"SELECT EXISTS (SELECT FROM {table})")]
    # What migrations filled, their own bookkeeping included, stays.
    yield _EMPTY.format(tables=", ".join(sorted(set(tables) - set(filled))))
    await db.close()


@pytest.fixture
async def db(_pool: str) -> None:
    """An open `domain.infra.db` on an empty database."""
    from domain.infra import db

    await db.pool().execute(_pool)


@pytest.fixture
def redis_url(_valkey: str) -> str:
    """The URL of an empty Valkey, which the settings name from now on."""
    with redis_client.Redis.from_url(_valkey) as client:
        client.flushall()
    return _valkey


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[None]:
    """An open `domain.infra.redis` on an empty database, so that bells ring."""
    from domain.infra import bucket, redis

    bucket.forget()  # that Redis was away in the test before
    redis.connect(redis_url)
    yield
    await redis.close()

"""The ground that the tests stand on."""

import os

import redis

from domain.infra import db as database


async def test_database_is_this_workers_own(db: None) -> None:
    """Each worker has a database of its own, migrated and otherwise empty."""
    name = await database.pool().fetchval("SELECT current_database()")
    assert name == f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    assert await database.pool().fetchval("SELECT count(*) FROM tortoise_migrations") > 0


def test_valkey_is_empty(redis_url: str) -> None:
    """Nothing that another test rang is heard in the next."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0

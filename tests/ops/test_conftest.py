"""The ground that the tests stand on."""

import os

import redis

from domain.infra import db as database
from domain.infra.settings import settings


async def test_database_is_this_process_own(db: None) -> None:
    """Each process of a run has a server of its own, migrated and otherwise empty."""
    assert await database.pool().fetchval("SELECT count(*) FROM tortoise_migrations") > 0
    assert await database.pool().fetchval("SELECT count(*) FROM account") == 0
    assert settings().database_url == os.environ["ASSENT_DATABASE_URL"]


def test_valkey_is_empty(redis_url: str) -> None:
    """Nothing that another test rang is heard in the next."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0

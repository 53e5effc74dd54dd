"""Bringing the database's schema up to date, by one process at a time."""

from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.migrations import api
from tortoise.migrations.executor import MigrationExecutor

from domain.infra import db

# Any number will do, so long as no other program on the database takes it.
_LOCK = 0x415353454E54

# Every account counts as a tenth of its table, whatever ANALYZE finds. Told that an account is new or small, the
# planner would take any index that begins with the account, and keep the plan while a million contacts come in.
_EVERY_ACCOUNT_IS_LARGE = """
DO $$
DECLARE of_account regclass;
BEGIN
  FOR of_account IN
    SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'account_id'
       AND a.attstattarget IS DISTINCT FROM 0
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN account_id SET STATISTICS 0', of_account);
    PERFORM pg_clear_attribute_stats('public', relname::text, 'account_id', false),
            pg_restore_attribute_stats('schemaname', 'public', 'relname', relname::text, 'attname', 'account_id',
              'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 10::real)
      FROM pg_class WHERE oid = of_account;
  END LOOP;
END $$
"""


async def migrate(url: str) -> list[str]:
    """Apply what is pending and return its names, under an advisory lock: the ORM itself takes none.

    Raises OSError or asyncpg.PostgresError when the server cannot be reached or a migration fails.
    """
    guard = await asyncpg.connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _LOCK)
        names = await pending(url)
        if names:
            await api.migrate(config=_config(url))
            await guard.execute(_EVERY_ACCOUNT_IS_LARGE)
        return names
    finally:
        await Tortoise.close_connections()
        await guard.close()


async def pending(url: str) -> list[str]:
    """The migrations that the database has not seen, in order."""
    config = _config(url)
    await Tortoise.init(config=config, init_connections=False)
    try:
        executor = MigrationExecutor(Tortoise.get_connection("default"), config["apps"])
        return [f"{step.migration.app_label}.{step.migration.name}" for step in await executor.plan()]
    finally:
        await Tortoise.close_connections()


def _config(url: str) -> dict[str, Any]:
    """The ORM's configuration with the one model module it insists on: a migration carries its own state."""
    config = db.config(url, pool_size=2)
    config["apps"]["assent"]["models"] = db.MODELS[:1]
    return config

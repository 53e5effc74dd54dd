"""Each import's own table, into which its list is read before anything is merged."""

import re
from uuid import UUID

from domain.infra.db import Connection, pool

_MAKE = "CREATE TABLE IF NOT EXISTS {table} (LIKE import_row INCLUDING ALL)"
_DROP = "DROP TABLE IF EXISTS {table}"
_ENDED = """
SELECT o.id FROM bulk_operation o
 WHERE o.id = ANY ($1::uuid[]) AND o.account_id IS NOT NULL AND o.finished_at IS NOT NULL AND o.status <> 'FAILED'
"""
_CHANGED = "SELECT changed FROM bulk_operation WHERE account_id = $1 AND id = $2"
_MANY = 5_000
_ANALYZE = "ANALYZE (SKIP_LOCKED) contact, contact_state, address, contact_point, ledger"
_TABLES = r"SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ '^import_[0-9a-f]{32}$'"


def table(operation_id: UUID) -> str:
    """The name of an operation's table: letters, digits and an underscore."""
    return f"import_{operation_id.hex}"


async def make(operation_id: UUID) -> None:
    """Make the table, once."""
    await pool().execute(_MAKE.format(table=table(operation_id)))


async def drop(operation_id: UUID, connection: Connection | None = None) -> None:
    """Let it go."""
    await (connection or pool()).execute(_DROP.format(table=table(operation_id)))


async def finish(account_id: UUID, operation_id: UUID) -> None:
    """Clear up after an import that has ended; a large one has changed what the planner should believe, at once."""
    await drop(operation_id)
    if (await pool().fetchval(_CHANGED, account_id, operation_id) or 0) >= _MANY:
        await pool().execute(_ANALYZE)


async def sweep_staging() -> int:
    """Drop the tables of imports that have ended; answers how many. A FAILED one may be resumed and keeps its own."""
    found = {UUID(re.sub("^import_", "", row["tablename"])) for row in await pool().fetch(_TABLES)}
    ended = [row["id"] for row in await pool().fetch(_ENDED, list(found))] if found else []
    for operation_id in ended:
        await drop(operation_id)
    return len(ended)

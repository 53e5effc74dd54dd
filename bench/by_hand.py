"""The rows that an import makes, written by hand: INSERT … SELECT into the same tables with the same indexes.

What is left of it is the cost of the tables themselves, which no import into them can go below on one connection.
"""

from time import perf_counter
from uuid import UUID

from domain.infra.db import pool

_TABLES = ("contact", "contact_state", "address", "contact_point", "ledger")
_COLUMNS = """
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
 WHERE attrelid = $1::text::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped
"""
_OF_CHOSEN = "EXISTS (SELECT FROM by_hand.chosen c WHERE c.id = {})"
_NEW = {
    "contact": _OF_CHOSEN.format("contact.id"),
    "contact_state": _OF_CHOSEN.format("contact_state.contact_id"),
    "contact_point": _OF_CHOSEN.format("contact_point.contact_id"),
    "address": """EXISTS (
      SELECT FROM contact_point p JOIN by_hand.chosen c ON c.id = p.contact_id WHERE p.address_id = address.id)""",
    "ledger": _OF_CHOSEN.format("ledger.contact_id"),
}


async def by_hand(account_id: UUID, operation_id: UUID) -> float:
    """Seconds in which the contacts that an import made can be written, beside those that were there before it."""
    await pool().execute("DROP SCHEMA IF EXISTS by_hand CASCADE; CREATE SCHEMA by_hand")
    await pool().execute(
        "CREATE TABLE by_hand.chosen AS SELECT contact_id AS id FROM ledger"
        f" WHERE account_id = '{account_id}' AND operation_id = '{operation_id}' AND action = 'CONTACT_CREATED'"
    )
    await pool().execute("ALTER TABLE by_hand.chosen ADD PRIMARY KEY (id); ANALYZE by_hand.chosen")
    columns = {table: await pool().fetchval(_COLUMNS, table) for table in _TABLES}
    for table in _TABLES:
        await pool().execute(f"CREATE TABLE by_hand.{table} (LIKE {table} INCLUDING ALL)")
        await _insert(table, columns[table], f"NOT ({_NEW[table]})", account_id)
        await pool().execute(f"CREATE TABLE by_hand.new_{table} AS SELECT * FROM {table} WHERE {_NEW[table]}")
    await pool().execute("CHECKPOINT")
    began = perf_counter()
    async with pool().acquire() as connection, connection.transaction():
        for table in _TABLES:
            given = f"SELECT {columns[table]} FROM by_hand.new_{table}"
            await connection.execute(f"INSERT INTO by_hand.{table} ({columns[table]}) {given}")
    took = perf_counter() - began
    await pool().execute("DROP SCHEMA by_hand CASCADE")
    return took


async def _insert(table: str, columns: str, which: str, account_id: UUID) -> None:
    given = f"SELECT {columns} FROM {table} WHERE account_id = $1 AND {which}"
    await pool().execute(f"INSERT INTO by_hand.{table} ({columns}) {given}", account_id)

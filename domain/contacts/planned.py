"""Statements whose best plan depends on their values: a search for one name, or for a common word.

The driver keeps a statement prepared, and after a few runs PostgreSQL plans it once for all values: a search that
could use its index would then walk a million contacts. Prepared for this one run, it is planned for its own values.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from domain.infra.db import pool


async def fetch(text: str, parameters: Sequence[Any]) -> list[asyncpg.Record]:
    """The rows of a statement, planned for these values."""
    async with pool().acquire() as connection:
        statement = await connection.prepare(text)
        rows: list[asyncpg.Record] = await statement.fetch(*parameters)
        return rows

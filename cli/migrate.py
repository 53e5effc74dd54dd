"""`assent migrate`: brings the database's schema up to date."""

import asyncio

from cli.environment import complete


def migrate() -> None:
    """Apply pending migrations, one process at a time."""
    from domain.infra import migrate as migrations

    given = complete("database_url")
    names = asyncio.run(migrations.migrate(given.database_url or ""))
    print("\n".join(f"applied {name}" for name in names) or "The schema is up to date.")

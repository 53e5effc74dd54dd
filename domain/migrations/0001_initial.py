"""Accounts, contacts, addresses, the ledger, groups and bulk operations."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """The first schema."""

    initial = True
    operations = [
        RunSQL((SQL / f"0001_{part}.sql").read_text())
        for part in ("types", "accounts", "contacts", "ledger", "door", "groups", "bulk", "summary", "statistics")
    ]

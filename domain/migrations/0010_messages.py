"""Journeys, messages, and what was asked before sending."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Messages."""

    dependencies = [("assent", "0009_keys")]
    initial = False
    operations = [
        RunSQL((SQL / "0010_journeys.sql").read_text()),
        RunSQL((SQL / "0010_messages.sql").read_text()),
        RunSQL((SQL / "0010_batches.sql").read_text()),
    ]

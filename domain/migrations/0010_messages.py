"""Templates, journeys, and what was sent."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Messages."""

    dependencies = [("assent", "0009_keys")]
    initial = False
    operations = [RunSQL((SQL / name).read_text()) for name in ("0010_messages.sql", "0010_journeys.sql")]

"""Endpoints that are told what changed, and how far each was told."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Webhooks."""

    dependencies = [("assent", "0007_inbound")]
    initial = False
    operations = [RunSQL((SQL / "0008_webhooks.sql").read_text())]

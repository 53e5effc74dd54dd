"""What a credential may do, and from where."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Keys."""

    dependencies = [("assent", "0008_webhooks")]
    initial = False
    operations = [RunSQL((SQL / "0009_keys.sql").read_text())]

"""Mail on its way out, requests for confirmation, and sign-ups."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Confirmations and sign-ups."""

    dependencies = [("assent", "0005_recipients")]
    initial = False
    operations = [RunSQL((SQL / "0006_confirmations.sql").read_text())]

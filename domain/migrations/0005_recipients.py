"""What recipients meet: how an account's pages look, and what their links say."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Recipients."""

    dependencies = [("assent", "0004_undo")]
    initial = False
    operations = [RunSQL((SQL / "0005_recipients.sql").read_text())]

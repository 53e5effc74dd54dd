"""Files that clients bring, and files that are made for them."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Uploads and stored files."""

    dependencies = [("assent", "0001_initial")]
    initial = False
    operations = [RunSQL((SQL / "0002_files.sql").read_text())]

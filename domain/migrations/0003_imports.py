"""Lists on their way in: how far each was read, and what its rows were refused for."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Imports."""

    dependencies = [("assent", "0002_files")]
    initial = False
    operations = [RunSQL((SQL / "0003_imports.sql").read_text())]

"""What undoing needs to know: which operation a membership, a tag, or the lack of one rests on."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Provenance of memberships and tags."""

    dependencies = [("assent", "0003_imports")]
    initial = False
    operations = [RunSQL((SQL / "0004_undo.sql").read_text())]

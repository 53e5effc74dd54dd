"""What providers and recipients send in: keywords, bounces, complaints."""

from pathlib import Path

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Inbound hooks."""

    dependencies = [("assent", "0006_confirmations")]
    initial = False
    operations = [RunSQL((SQL / "0007_inbound.sql").read_text())]

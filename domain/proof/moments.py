"""How records write moments."""

from datetime import datetime


def moment(at: datetime) -> str:
    """A moment in UTC, as xsd:dateTime."""
    return at.isoformat().replace("+00:00", "Z")

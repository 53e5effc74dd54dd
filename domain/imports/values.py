"""The words of imports, as the API and the database spell them."""

from enum import StrEnum


class OnExisting(StrEnum):
    """What an import does with a contact that it finds."""

    UPDATE = "UPDATE"
    SKIP = "SKIP"

"""The words of exports, as the API and the database spell them."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """How the file is written."""

    CSV = "CSV"
    JSONL = "JSONL"

"""The words of bulk operations, as the API and the database spell them."""

from enum import StrEnum


class BulkKind(StrEnum):
    """What an operation does."""

    CHANGE_STATUS = "CHANGE_STATUS"
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    CHANGE_GROUP = "CHANGE_GROUP"
    CHANGE_TOPICS = "CHANGE_TOPICS"
    CHANGE_TAGS = "CHANGE_TAGS"
    REQUEST_DOUBLE_OPT_IN = "REQUEST_DOUBLE_OPT_IN"
    ERASE = "ERASE"
    SUPPRESS = "SUPPRESS"
    UNDO = "UNDO"
    BROADCAST = "BROADCAST"
    RESEND = "RESEND"


class OperationStatus(StrEnum):
    """Where an operation stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


class BulkStatus(StrEnum):
    """What "Change status of all" offers (rules.md)."""

    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"
    ARCHIVED = "ARCHIVED"
    ACTIVE = "ACTIVE"
    ERROR = "ERROR"


FINISHED = frozenset({OperationStatus.COMPLETED, OperationStatus.CANCELED, OperationStatus.FAILED})

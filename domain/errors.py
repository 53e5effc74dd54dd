"""Refusals: what a client can cause and mend."""

from enum import StrEnum
from typing import Self


class ErrorCode(StrEnum):
    """Why something was refused. Clients switch on these, so none is ever renamed."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    CONTACT_ARCHIVED = "CONTACT_ARCHIVED"
    OPTED_OUT = "OPTED_OUT"
    NOT_PERMITTED = "NOT_PERMITTED"
    NO_ADDRESS = "NO_ADDRESS"
    EVIDENCE_REQUIRED = "EVIDENCE_REQUIRED"
    LOCKED = "LOCKED"
    DUPLICATE = "DUPLICATE"
    SUPPRESSED = "SUPPRESSED"
    UNDELIVERABLE = "UNDELIVERABLE"
    ALREADY_FINISHED = "ALREADY_FINISHED"
    TOO_LARGE = "TOO_LARGE"


class DomainError(Exception):
    """One refusal: a code, words a person can act on, and the input field it is about.

    `field` is the path below `input`, in the API's names: `("points", "0", "value")`.
    """

    def __init__(self, code: ErrorCode, message: str, *field: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def under(self, *prefix: str) -> Self:
        """The same refusal, its field moved below `prefix`."""
        self.field = prefix + self.field
        return self


class Refusals(Exception):  # noqa: N818 - a group of refusals, not one error
    """Several refusals of one request, so that a form can show them all at once."""

    def __init__(self, errors: list[DomainError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def invalid(message: str, *field: str) -> DomainError:
    """A value that can never be accepted."""
    return DomainError(ErrorCode.INVALID, message, *field)


def not_found(what: str, *field: str) -> DomainError:
    """An id that names nothing in the account, or something of another kind."""
    return DomainError(ErrorCode.NOT_FOUND, f"No {what} has this id.", *field)

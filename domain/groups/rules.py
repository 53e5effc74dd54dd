"""What a group's details may hold."""

from domain.contacts.rules import line, some
from domain.errors import DomainError, ErrorCode

MAX_NAME, MAX_DESCRIPTION = 200, 1_000


def name(text: str | None) -> str:
    """A group's name on one line. Raises DomainError: INVALID, TOO_LARGE."""
    return some(line(text or "", MAX_NAME, "name"), "name")


def description(text: str | None) -> str | None:
    """What the group is for, or None when nothing is said. Raises DomainError: INVALID, TOO_LARGE."""
    return line(text or "", MAX_DESCRIPTION, "description") or None


def taken() -> DomainError:
    """Another group has the name, whatever its case."""
    return DomainError(ErrorCode.TAKEN, "A group with this name exists.", "name")

"""Refusals gathered, so that a form can show them all at once."""

from collections.abc import Callable
from typing import TypeVar

from domain.errors import DomainError, Refusals

T = TypeVar("T")


class Gathered:
    """Runs checks one by one, keeps what they refuse, and raises it together at the end."""

    def __init__(self) -> None:
        self.errors: list[DomainError] = []

    def take(self, check: Callable[[], T]) -> T | None:
        """What the check answers, or None when it refuses."""
        try:
            return check()
        except DomainError as error:
            self.errors.append(error)
            return None

    def refuse(self, error: DomainError) -> None:
        """Keep a refusal."""
        self.errors.append(error)

    def settle(self) -> None:
        """Raise Refusals if anything was refused."""
        if self.errors:
            raise Refusals(self.errors)

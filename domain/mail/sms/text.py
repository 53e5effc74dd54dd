"""A text message as it travels."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

MOST: Final = 1_600
"""Characters that a provider takes: ten parts and more."""


@dataclass(frozen=True, slots=True)
class Text:
    """What it says, and to which number (E.164). `callback`: where the provider tells of its delivery, if anywhere."""

    id: UUID
    recipient: str
    text: str
    callback: str | None = None

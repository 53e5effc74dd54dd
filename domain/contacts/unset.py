"""What an update leaves alone, as opposed to what it clears."""

from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of UNSET, so that mypy tells it from None."""

    UNSET = "UNSET"


UNSET: Final = Unset.UNSET
"""A field left out of an update: it stays as it is. None clears it."""

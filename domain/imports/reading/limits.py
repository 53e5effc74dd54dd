"""How much of a file is read before it is refused: what bounds the memory and time of a hostile one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes where nothing else is said."""

    columns: int = 500
    line: int = 2 * 1024**2
    """Characters of one record, the lines inside its cells included."""
    cell: int = 131_072
    """Characters of one cell: what Python's csv module takes."""
    unpacked: int = 4 * 1024**3
    """What a compressed file may unpack to."""
    ratio: int = 200
    """How many times its own size it may unpack to, once past `ratio_from`: lists compress 3 to 30 times."""
    ratio_from: int = 64 * 1024**2
    strings: int = 8_000_000
    """Different texts in an XLSX."""


LIMITS = Limits()

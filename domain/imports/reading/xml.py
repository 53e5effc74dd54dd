"""XML parts of an XLSX, event by event: no tree, no entities, no token beyond a size."""

import re
from collections.abc import Callable
from typing import IO, Final
from xml.parsers import expat

from domain.errors import DomainError, invalid
from domain.imports.reading.limits import Limits

_PIECE: Final = 1024**2
_DEEPEST: Final = 50
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Walk:
    """A parser whose handlers are set by the caller, and whose memory is bounded."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartDoctypeDeclHandler = _refuse
        self._collected: list[str] | None = None
        self._depth = 0

    def on(self, start: Callable[[str, list[str]], None], end: Callable[[str], None] = lambda _name: None) -> None:
        """Call these at each start (name, attributes in a row) and end of an element, names without their prefix."""

        def starts(name: str, given: list[str]) -> None:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise damaged()
            start(name.rpartition(":")[2] if ":" in name else name, given)

        def ends(name: str) -> None:
            self._depth -= 1
            end(name.rpartition(":")[2] if ":" in name else name)

        self.parser.StartElementHandler, self.parser.EndElementHandler = starts, ends

    def collect(self, into: list[str]) -> Callable[[str], None]:
        """A handler that gathers text in a list, watched for its size."""
        self._collected = into
        return into.append

    def over(self, part: IO[bytes]) -> None:
        """Go through the whole part. Raises DomainError INVALID when it is damaged or beyond all measure."""
        for _ in self.steps(part):
            pass

    def steps(self, part: IO[bytes]) -> "Steps":
        """As `over`, but pausing after each 1 MiB, so that what was gathered can be taken away."""
        return Steps(self, part)


class Steps:
    """The iterator of a walk; its items say nothing."""

    def __init__(self, walk: Walk, part: IO[bytes]) -> None:
        self.walk, self.part, self.fed, self.ended = walk, part, 0, False

    def __iter__(self) -> "Steps":
        return self

    def __next__(self) -> None:
        if self.ended:
            raise StopIteration
        piece = read_part(self.part, _PIECE)
        self.fed += len(piece)
        self.ended = not piece
        parser = self.walk.parser
        try:
            parser.Parse(piece, self.ended)
        except (expat.ExpatError, ValueError, LookupError):
            raise damaged() from None
        collected = self.walk._collected  # noqa: SLF001 - the other half of the same thing
        text = sum(map(len, collected)) if collected else 0
        if text > self.walk.limits.cell or self.fed - parser.CurrentByteIndex > self.walk.limits.line:
            raise invalid(f"A cell of the workbook is longer than {self.walk.limits.cell:,} characters.")


def read_part(part: IO[bytes], size: int) -> bytes:
    """Bytes of a ZIP member. Raises DomainError INVALID when it is damaged."""
    try:
        return part.read(size)
    except Exception:  # noqa: BLE001 - zipfile lets what zlib, struct and itself raise pass
        raise damaged() from None


def unescaped(text: str) -> str:
    """Text with `_x000D_` and its like put back (ECMA-376, 22.9.2.19, ST_Xstring)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\0", "") if "_x" in text else text


def damaged() -> DomainError:
    """What is said of a workbook that cannot be read."""
    return invalid(
        "The XLSX file is damaged: open it in your spreadsheet program and save it again, or save it as CSV."
    )


def _refuse(*_: object) -> None:
    raise invalid("The XLSX file has a document type declaration, which no spreadsheet program writes.")


def attributes(given: list[str]) -> dict[str, str]:
    """An element's attributes by their names without prefixes."""
    return {name.rpartition(":")[2]: value for name, value in zip(given[::2], given[1::2], strict=True)}

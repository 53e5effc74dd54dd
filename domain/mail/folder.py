"""A mailbox on this machine in place of a server: a Maildir, which any mail program can open."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.mail.results import Accepted, Result

if TYPE_CHECKING:
    from domain.mail.transport import Letter


class Folder:
    """The embedded default. What is there may be read by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def send(self, letter: "Letter") -> Result:
        """Put one into `new`, all at once."""
        await asyncio.to_thread(self._write, letter)
        return Accepted()

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, letter: "Letter") -> None:
        for name in ("tmp", "new", "cur"):
            (self.path / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{uuid7().hex}.assent"
        partial = self.path / "tmp" / name
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(f"Delivered-To: {letter.recipient}\r\n".encode() + letter.content)
        partial.rename(self.path / "new" / name)

    def names(self, most: int = 100, before: str = "") -> list[str]:
        """The newest mails, first of all the last; those before one that is named."""
        found = {path.name for room in ("new", "cur") for path in (self.path / room).glob("*.assent*")}
        return sorted((name for name in found if not before or name < before), reverse=True)[:most]

    def read(self, name: str) -> bytes | None:
        """A mail by its name, or None."""
        try:
            UUID(name.partition(".")[0])
        except ValueError:
            return None
        places = (self.path / room / name for room in ("new", "cur"))
        return next((path.read_bytes() for path in places if "/" not in name and path.is_file()), None)

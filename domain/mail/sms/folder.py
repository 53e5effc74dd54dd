"""A folder on this machine in place of a provider: a JSON file for each text message."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import orjson

from domain.mail.results import Accepted, Result
from domain.mail.sms.text import Text


class Folder:
    """The embedded default. What is there may be read by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def send(self, text: Text) -> Result:
        """Write one down, all at once."""
        await asyncio.to_thread(self._write, text)
        return Accepted()

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, text: Text) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path / f"{text.id.hex}.partial"
        said = {"id": text.id, "to": text.recipient, "text": text.text, "at": datetime.now(UTC)}
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(said, option=orjson.OPT_INDENT_2))
        partial.rename(self.path / f"{text.id.hex}.json")

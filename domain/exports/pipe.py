"""From where rows come out to where a file is written, with little held in between."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

PIECE: Final = 256 * 1024
AHEAD: Final = 8
"""So many pieces the one end may be ahead of the other."""


class Pipe:
    """What one task puts in, another takes out; the slower sets the pace."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(AHEAD)
        self._gathered = bytearray()

    async def put(self, data: bytes) -> None:
        """More bytes; waits while too many are under way."""
        self._gathered += data
        if len(self._gathered) >= PIECE:
            await self._flush()

    async def end(self) -> None:
        """That was all."""
        await self._flush()
        await self._queue.put(None)

    def fail(self, error: Exception) -> None:
        """Have the other end raise this, whatever is still under way."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(error)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was put in. Raises what `fail` was given."""
        while (piece := await self._queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def _flush(self) -> None:
        piece, self._gathered = bytes(self._gathered), bytearray()
        await self._queue.put(piece)

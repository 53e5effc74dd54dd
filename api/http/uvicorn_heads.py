"""Uvicorn's HTTP, with bounds on the head of a request: how large it may be, and how long it may take to arrive.

Uvicorn itself collects a head without end, and waits for one without end.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST: Final = 64 * 1024
"""Bytes of a request line and its headers."""
SECONDS: Final = 30.0
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadProtocol(HttpToolsProtocol):
    """One connection. To be named in Uvicorn's setting `http`."""

    heading = True
    """Whether a head is under way, or the first is awaited."""
    held = 0
    waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first head, but not for ever."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._waited()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head grows too large."""
        before = self.heading
        super().data_received(data)
        # A body may end, and the next head begin, in one piece.
        self.held = self.held + len(data) if before and self.heading else 0
        if self.held > MOST and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        self.heading = True
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete: what comes now is a body, or another protocol."""
        self.heading = False
        self._waited()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._waited()
        self.waiting = self.loop.call_later(SECONDS, self._give_up)

    def _waited(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
        self.waiting = None

    def _give_up(self) -> None:
        transport: Any = self.transport
        transport.close()

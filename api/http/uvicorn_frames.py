"""Uvicorn's WebSockets, with a way for the application to write frames that are ready."""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from api.http.frames import EXTENSION


class FrameProtocol(WebSocketsSansIOProtocol):
    """One connection. To be named in Uvicorn's setting `ws`."""

    async def run_asgi(self) -> None:
        """Run the application, and tell it of the way."""
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.write_frames
        await super().run_asgi()

    async def write_frames(self, data: bytes) -> None:
        """Write whole frames once the reader has taken what it was sent before. Raises OSError when it has gone."""
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        self.transport.write(data)

"""`assent api`: serves the API."""

import socket
from typing import TYPE_CHECKING

from cli.environment import complete

if TYPE_CHECKING:
    from domain.infra.settings import Settings

_GRACE_SECONDS = 10
_SILENCE_SECONDS = 60
"""A client that acknowledges nothing for so long is gone, whatever is still to be sent to it."""


def api() -> None:
    """Serve the API until a signal; requests under way get ten seconds."""
    from domain.infra import log

    given = complete()
    log.configure(given.log_level)
    _serve(given)


def _serve(given: "Settings") -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Tell those who listen to go elsewhere, then wait for the rest."""
            from api.http.leaving import leave

            await leave()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        "api.app:app",
        host=given.host,
        port=given.port,
        log_config=None,
        # A path can hold a recipient's token.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        http="api.http.uvicorn_heads:HeadProtocol",
        ws="api.http.uvicorn_frames:FrameProtocol",
        ws_max_size=1 << 20,
        # Messages are small, and a compressor a socket would be most of its memory.
        ws_per_message_deflate=False,
    )
    listening = config.bind_socket()
    # Whoever comes while the app is being loaded waits for it, in place of being turned away.
    listening.listen(config.backlog)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_SECONDS * 1000)
    Server(config).run(sockets=[listening])

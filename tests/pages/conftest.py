"""The server that pages are opened on."""

from tests.api.live import live_server, server

__all__ = ["live_server", "server"]

"""The server that pages are opened on, and the accounts whose pages they are."""

from tests.api.conftest import api, other
from tests.api.live import live_server, server

__all__ = ["api", "live_server", "other", "server"]

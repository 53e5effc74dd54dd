"""An account to work in, another that must stay out of sight, and a server to listen to."""

from collections.abc import AsyncIterator

import pytest

from domain.infra import queue
from tests.api.client import Client, account
from tests.api.live import Server, live_server, server

__all__ = ["Server", "live_server", "server"]


@pytest.fixture
async def api(db: None, redis: None) -> AsyncIterator[Client]:
    """A client of a new account."""
    yield await account()
    await queue.drain()


@pytest.fixture
async def other(api: Client) -> Client:
    """A client of another account."""
    return await account("Another Ltd")

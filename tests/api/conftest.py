"""An account to work in, another that must stay out of sight, and a server to listen to."""

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from domain.infra import queue
from domain.infra.settings import settings
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


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, api: Client) -> Iterator[Callable[..., None]]:
    """Change settings for one test, by the names of their variables: `setting(ASSENT_MAX_COST=10)`."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setitem(os.environ, name, str(value))
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()

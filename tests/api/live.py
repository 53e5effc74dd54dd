"""The application behind a real port, and a real worker beside it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from pydantic import SecretStr

from api import app as application
from api.auth import forget_keys
from domain.accounts.create import create_account
from domain.infra import queue
from domain.infra.settings import settings

KEY = "the-key-of-the-live-server-for-tests"


@dataclass(frozen=True)
class Server:
    """Where the API listens, and a key that may do everything in its account."""

    url: str
    key: str


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[str]:
    """The URL of the application on a free port of this machine, in this process, for the whole run."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        given = settings().model_copy(update={"api_key": SecretStr(KEY)})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(application, "settings", lambda: given)
            app = application.application()
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            http="api.http.uvicorn_heads:HeadProtocol",
            ws="api.http.uvicorn_frames:FrameProtocol",
            ws_max_size=1 << 20,
        )
        running = _Uvicorn(config)
        task = asyncio.create_task(running.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        await task


@pytest.fixture
async def live_server(server: str, db: None, redis: None) -> AsyncIterator[Server]:
    """The application on a port, with an empty account of its own, and a worker process."""
    forget_keys()
    await create_account("Live Ltd", KEY)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "worker", env=dict(os.environ), start_new_session=True
    )
    async with asyncio.timeout(20):
        while not await queue.worker_alive():
            await asyncio.sleep(0.05)
    yield Server(server, KEY)
    await queue.drain()
    worker.send_signal(signal.SIGTERM)
    await worker.wait()
    forget_keys()

"""The worker process itself."""

import asyncio
import os
import signal
import sys
from time import monotonic

from domain.infra import queue


async def test_a_worker_says_that_it_is_alive_and_leaves_on_sigterm(db: None, redis: None) -> None:
    """For readiness: its key is there while it runs and gone when it has left, with status 0."""
    assert not await queue.worker_alive()
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "cli.main", "worker", env=os.environ)
    try:
        deadline = monotonic() + 60
        while not await queue.worker_alive():
            assert worker.returncode is None
            assert monotonic() < deadline
            await asyncio.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 30) == 0
        assert not await queue.worker_alive()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()

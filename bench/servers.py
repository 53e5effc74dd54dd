"""Servers and processes of the bench's own, durable, in a directory that is thrown away."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from cli.embedded import postgres, valkey
from cli.embedded.process import free_port
from domain.infra import db, queue, redis
from domain.infra.migrate import migrate


@contextmanager
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey with durable settings; the environment points at them while the block lasts."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="assent-bench-")))
        directory.chmod(0o711)
        os.environ |= {
            "ASSENT_DATABASE_URL": stack.enter_context(postgres(directory)).url,
            "ASSENT_REDIS_URL": stack.enter_context(valkey(directory)).url,
            "ASSENT_DATA_DIR": str(directory),
            "ASSENT_SECRET": "a secret that is used by the bench alone",
            "ASSENT_LOG_LEVEL": "ERROR",
        }
        yield


@asynccontextmanager
async def connected() -> AsyncIterator[None]:
    """The database that `servers` named, migrated, and Redis, in this process; also as a decorator."""
    url = os.environ["ASSENT_DATABASE_URL"]
    await migrate(url)
    await db.connect(url)
    redis.connect(os.environ["ASSENT_REDIS_URL"])
    try:
        yield
    finally:
        await queue.drain()
        await redis.close()
        await db.close()


@contextmanager
def process(*arguments: str, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process that ends with the block."""
    running = subprocess.Popen([sys.executable, *arguments], env=os.environ | env)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def serving(*arguments: str, ready: str) -> Iterator[str]:
    """A process that listens on `PORT`, once `ready` answers; gives its address."""
    port = free_port()
    with process(*arguments, PORT=str(port)) as running:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urlopen(url + ready, timeout=1)
            except (URLError, OSError):
                if running.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                yield url
                return
        raise RuntimeError(f"{' '.join(arguments)} did not start")


def peak_memory(pid: int) -> float:
    """The most memory a process has held, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

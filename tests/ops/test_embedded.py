"""The embedded servers, as processes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
import redis

from cli.embedded import AlreadyRunningError, postgres, valkey
from tests.ops.processes import eventually, listens


@contextmanager
def both(data_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """`python -m cli.embedded` on the directory, and the two URLs it prints."""
    argv = [sys.executable, "-m", "cli.embedded", str(data_dir), "--fast"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        urls = [process.stdout.readline().strip().partition("=")[2] for _ in range(2)]
        try:
            yield process, urls
        finally:
            process.kill()


async def test_data_survive_a_restart(data_dir: Path) -> None:
    """What was written is there after a clean stop and a second start."""
    with postgres(data_dir) as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        await connection.close()
    with postgres(data_dir) as server:
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT one FROM kept") == 1
        await connection.close()


def test_valkey_keeps_what_it_held(data_dir: Path) -> None:
    """A durable Valkey writes what it holds down and reads it again."""
    with valkey(data_dir) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    with valkey(data_dir) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


async def test_locale_and_durability(data_dir: Path) -> None:
    """The cluster has the locale that compose.yaml names, and is durable unless told otherwise."""
    with postgres(data_dir) as server:
        connection = await asyncpg.connect(server.url)
        row = await connection.fetchrow("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'assent'")
        assert row is not None
        assert tuple(row.values()) == (b"b", "C.UTF-8")
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        await connection.close()


def test_a_killed_parent_leaves_nothing(data_dir: Path) -> None:
    """Both servers end with a parent that had no chance to stop them, and start again at once."""
    with both(data_dir) as (process, urls):
        assert all(map(listens, urls))
        process.kill()
        process.wait()
        assert eventually(lambda: not any(map(listens, urls)), seconds=15)
    begun = time.monotonic()
    with both(data_dir) as (_, urls):
        assert all(map(listens, urls))
        assert time.monotonic() - begun < 10


def test_a_signal_stops_both(data_dir: Path) -> None:
    """SIGTERM ends the servers cleanly and the command with status 0."""
    with both(data_dir) as (process, urls):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not any(map(listens, urls))
    assert "database system is shut down" in (data_dir / "postgres/log").read_text()


def test_a_second_holder_is_refused(data_dir: Path) -> None:
    """Two servers never share a directory, and the refusal names who holds it."""
    with valkey(data_dir), pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"), valkey(data_dir):
        pass


@pytest.mark.skipif(os.getuid() != 0, reason="only root starts PostgreSQL as somebody else")
def test_root_below_a_closed_directory() -> None:
    """Root's PostgreSQL runs as nobody even where nobody may not go: its files are kept elsewhere, behind a link."""
    with tempfile.TemporaryDirectory() as closed:
        with postgres(Path(closed), durable=False) as server:
            assert listens(server.url)
            assert server.home.owner() == "nobody"
        assert (Path(closed) / "postgres").is_symlink()
        subprocess.run(["rm", "-r", str(server.home.parent)], check=True)

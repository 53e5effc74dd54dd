"""The object store, in its local folder."""

import asyncio
import os
import time
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.infra import storage
from domain.infra.settings import settings


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream of these."""
    for part in parts:
        yield part


async def whole(key: str, start: int = 0) -> bytes:
    """Everything that is stored under a key."""
    return b"".join([piece async for piece in storage.get(key, start)])


def key() -> str:
    """A key of its own."""
    return f"tests/{uuid7()}/file"


async def test_what_is_put_is_got(db: None) -> None:
    """A stream comes back byte for byte, from the start or from further on, also one that needs several parts."""
    name, parts = key(), [b"a" * 3_000_000, b"b" * 7_000_000, b"", b"c"]
    assert await storage.put(name, pieces(*parts)) == 10_000_001
    assert await storage.size(name) == 10_000_001
    assert await whole(name) == b"".join(parts)
    assert await whole(name, 9_999_999) == b"bc"


async def test_an_empty_stream(db: None) -> None:
    """Nothing at all is an object of no bytes."""
    name = key()
    assert await storage.put(name, pieces()) == 0
    assert await whole(name) == b""


async def test_a_stream_that_breaks_leaves_nothing(db: None) -> None:
    """What the stream raises is raised, and neither an object nor a part of one is left."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        raise ValueError("broken")

    name = key()
    with pytest.raises(ValueError, match="broken"):
        await storage.put(name, broken())
    assert await storage.size(name) is None
    assert list((settings().data_dir / "objects").rglob("*#*")) == []


async def test_a_put_that_is_cancelled_leaves_nothing(db: None) -> None:
    """A client that hangs up in the middle leaves neither an object nor a part of one."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 6_000_000
            await asyncio.sleep(0.01)

    name = key()
    task = asyncio.create_task(storage.put(name, endless()))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.3)
    assert await storage.size(name) is None


async def test_reading_like_a_file(db: None) -> None:
    """An object can be read and sought like a file, so that a ZIP archive opens from the store."""
    name = key()
    with zipfile.ZipFile(path := settings().data_dir / "some.zip", "w") as archive:
        archive.writestr("inside", b"x" * 5_000_000)
    await storage.put(name, pieces(path.read_bytes()))
    with storage.reader(name) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("inside") == b"x" * 5_000_000


async def test_what_is_not_there(db: None) -> None:
    """A key that names nothing has no size and nothing to read, and deleting it is no error."""
    name = key()
    assert await storage.size(name) is None
    with pytest.raises(FileNotFoundError):
        await whole(name)
    with pytest.raises(FileNotFoundError):
        storage.reader(name)
    await storage.delete([name])


async def test_old_objects_and_abandoned_parts(db: None) -> None:
    """Objects are found by their age, and what a killed process left half-written goes."""
    name = key()
    await storage.put(name, pieces(b"x"))
    now = datetime.now(UTC)
    folder = settings().data_dir / "objects"
    (half := folder / f"{name}#1").write_bytes(b"half")
    old = time.time() - 7200
    os.utime(folder / name, (old, old))
    os.utime(half, (old, old))
    assert name in [found async for found in storage.older_than(now - timedelta(hours=1), "tests")]
    assert name not in [found async for found in storage.older_than(now - timedelta(hours=3), "tests")]
    await storage.abandoned(now - timedelta(hours=1))
    assert not half.exists()
    await storage.delete([name])
    assert await storage.size(name) is None

"""The object store: a local folder, or any S3-compatible bucket by setting. Nothing is ever held whole in memory.

A key is a path of plain segments that we make ourselves (`uploads/<account>/<id>`): no part of it is ever text
that a client gave. Outside a local folder the credentials come from the store's usual environment variables
(`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …).
"""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from domain.infra.settings import settings

_PART: Final = 5 * 1024**2
"""The smallest part that S3 takes but for the last."""
_PARTS_AT_ONCE: Final = 3
_READ: Final = 1024**2


async def put(key: str, chunks: AsyncIterator[bytes]) -> int:
    """Store a stream under the key, all of it or nothing, and answer its size in bytes.

    Whatever `chunks` raises is raised, and nothing is kept. Raises OSError when the store cannot be written.
    """
    size = 0
    fault: list[Exception] = []

    async def parts() -> AsyncIterator[bytes]:
        nonlocal size
        gathered = bytearray()
        try:
            async for chunk in chunks:
                size += len(chunk)
                gathered += chunk
                while len(gathered) >= _PART:
                    yield bytes(gathered[:_PART])
                    del gathered[:_PART]
        except Exception as error:
            fault.append(error)
            raise
        if gathered or size == 0:
            yield bytes(gathered)

    try:
        await obstore.put_async(_store(), key, parts(), chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
    except Exception:
        if fault:
            raise fault[0] from None
        raise
    return size


async def get(key: str, start: int = 0) -> AsyncIterator[bytes]:
    """The object in pieces, from the byte `start` on. Raises FileNotFoundError."""
    answer = await obstore.get_async(_store(), key, options={"range": {"offset": start}} if start else None)
    async for piece in answer.stream(min_chunk_size=_READ):
        yield bytes(piece)


def reader(key: str) -> io.BufferedReader:
    """The object as a binary file that can be read and sought, in blocking calls: for a thread, not an event loop.

    Raises FileNotFoundError.
    """
    return io.BufferedReader(_Raw(key), _READ)


async def size(key: str) -> int | None:
    """The object's size in bytes, or None when there is none of this key."""
    try:
        return (await obstore.head_async(_store(), key))["size"]
    except FileNotFoundError:
        return None


async def delete(keys: Sequence[str]) -> None:
    """Delete the objects; those that are not there (any more) are passed over."""
    for key in keys:
        with suppress(FileNotFoundError):
            await obstore.delete_async(_store(), key)


async def older_than(moment: datetime, prefix: str = "") -> AsyncIterator[str]:
    """The keys below the prefix that were last written before the moment."""
    async for found in obstore.list(_store(), prefix or None):
        for meta in found:
            if meta["last_modified"] < moment:
                yield meta["path"]


async def abandoned(moment: datetime) -> None:
    """Delete what a killed process left half-written in the local folder before the moment.

    A bucket does this by its own lifecycle rule for incomplete multipart uploads.
    """
    if not settings().storage_url:
        for path in _folder().rglob("*#[0-9]*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment.timestamp():
                    path.unlink()


class _Raw(io.RawIOBase):
    """obstore's reader in the shape of Python's, so that BufferedReader, zipfile and polars can stand on it."""

    def __init__(self, key: str) -> None:
        self.file = obstore.open_reader(_store(), key, buffer_size=_READ)
        self.name = key

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self.file.read(len(buffer))
        buffer[: len(piece)] = memoryview(piece)
        return len(piece)


@lru_cache
def _store() -> ObjectStore:
    if settings().storage_url:
        return from_url(settings().storage_url or "")
    _folder().mkdir(parents=True, exist_ok=True)
    return LocalStore(_folder())


def _folder() -> Path:
    return settings().data_dir.resolve() / "objects"

"""What a command runs with: the environment, and what a running `assent dev` left for it."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from domain.infra.settings import Settings

_RUNNING = "running.env"
_ALL = ("database_url", "redis_url", "secret")


def complete(*needed: str) -> "Settings":
    """The settings, with these fields set; from a running `assent dev` where the environment names no server.

    Leaves the program with a message that names what is missing.
    """
    from domain.infra.settings import settings

    if settings().database_url is None and settings().redis_url is None:
        for name, value in _running(settings().data_dir):
            os.environ.setdefault(name, value)
        settings.cache_clear()
    given = settings()
    if missing := [f"ASSENT_{name.upper()}" for name in needed or _ALL if getattr(given, name) is None]:
        fail(f"{', '.join(missing)} must be set. (While `assent dev` runs here, other commands find its servers.)")
    return given


@asynccontextmanager
async def connected(given: "Settings") -> AsyncIterator[None]:
    """An open `domain.infra.db` inside the block; a refusal of the domain leaves the program with its message."""
    from domain.errors import DomainError
    from domain.infra import db

    await db.connect(given.database_url or "", pool_size=2)
    try:
        yield
    except DomainError as error:
        fail(error.message)
    finally:
        await db.close()


def fail(message: str) -> NoReturn:
    """Leave the program with a message and status 1."""
    print(f"assent: {message}", file=sys.stderr)
    sys.exit(1)


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text in a file only its owner may read, made the first time."""
    if not path.exists():
        write_private(path, make())
    return path.read_text().strip()


@contextmanager
def announced(data_dir: Path, env: dict[str, str]) -> Iterator[None]:
    """Let other commands find the running servers while the block lasts."""
    path = data_dir / _RUNNING
    write_private(path, "".join(f"{name}={value}\n" for name, value in env.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _running(data_dir: Path) -> list[tuple[str, str]]:
    path = data_dir / _RUNNING
    if not os.access(path, os.R_OK):
        return []
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return [(name, value) for name, _, value in pairs]


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)

"""PostgreSQL: one pool a process, shared by the ORM and by SQL, and one way to open a transaction."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connections

from domain.infra import telemetry

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

MODELS = ["domain.accounts.models", "domain.contacts.models", "domain.groups.models", "domain.bulk.models"]
# A writer that hangs holds back every reader of the ledger, so no transaction may outlive this.
SESSION = {"transaction_timeout": "300s", "idle_in_transaction_session_timeout": "30s", "timezone": "UTC"}
_VERB = re.compile(r"\s*(\w+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?([a-z_]+)")
_BOUNDS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_committed: list[Callable[[], None]] = []


def config(url: str, pool_size: int = 10) -> dict[str, Any]:
    """Tortoise's configuration for a database URL (`postgres://…`)."""
    connection = expand_db_url(url.replace("postgresql://", "postgres://", 1))
    connection["engine"] = "tortoise.backends.asyncpg"
    connection["credentials"] |= {
        "minsize": 1,
        "maxsize": pool_size,
        "server_settings": SESSION,
        "init": _watched,
        "reset": _keep,
        "application_name": "assent",
    }
    apps = {"assent": {"models": MODELS, "default_connection": "default", "migrations": "domain.migrations"}}
    return {"connections": {"default": connection}, "apps": apps, "use_tz": True, "timezone": "UTC"}


async def connect(url: str, pool_size: int = 10) -> None:
    """Open the process's pool. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
    await Tortoise.init(config=config(url, pool_size), _enable_global_fallback=True)
    await _client().create_connection(with_db=True)


async def close() -> None:
    """Close the pool."""
    await Tortoise.close_connections()


def pool() -> asyncpg.Pool:
    """The process's pool, for one-statement reads: `await pool().fetch(SQL, account_id, …)`."""
    return cast(asyncpg.Pool, _root(_client())._pool)


@asynccontextmanager
async def tx() -> AsyncIterator[Connection]:
    """One READ COMMITTED transaction; the ORM inside it uses the same connection. Nested, a savepoint.

    A task started inside inherits it: start none that outlives it or runs beside it.

    The ORM's own `in_transaction()` loses its connection when the client hangs up during BEGIN.
    """
    client = _client()
    if isinstance(client, TransactionWrapper):
        connection = cast(Connection, client._connection)
        async with connection.transaction():
            yield connection
        return
    with telemetry.span("transaction", **{"db.system": "postgresql"}):
        async with _opened(client) as connection:
            yield connection
    for call in _committed:
        call()


@asynccontextmanager
async def _opened(client: AsyncpgDBClient) -> AsyncIterator[Connection]:
    async with pool().acquire() as connection, connection.transaction():
        wrapper = TransactionWrapper(client)
        wrapper._connection = cast(Any, connection)
        token = get_connections().set("default", wrapper)
        try:
            yield connection
        finally:
            get_connections().reset(token)


def after_commit(call: Callable[[], None]) -> None:
    """Have something called after each `tx()` that was committed. It must be quick, and must not raise."""
    _committed.append(call)


def _client() -> AsyncpgDBClient:
    return cast(AsyncpgDBClient, get_connections().get("default"))


def _root(client: AsyncpgDBClient) -> AsyncpgDBClient:
    return _root(client._parent) if isinstance(client, TransactionWrapper) else client


async def _keep(_connection: Connection) -> None:
    """No session state is ever changed, so a connection goes back as it is: a round trip saved."""


async def _watched(connection: Connection) -> None:
    """Where traces are on, have each statement outside of a transaction leave a span; else do nothing."""
    if telemetry.traces():
        connection.add_query_logger(_traced)


def _traced(done: asyncpg.connection.LoggedQuery) -> None:
    # It is called in the context of whoever ran the statement; a transaction has a span of its own.
    if isinstance(_client(), TransactionWrapper):
        return
    verb, name = _named(done.query)
    if verb not in _BOUNDS:
        failed = {"error.type": type(done.exception).__name__} if done.exception else {}
        telemetry.past(name, done.elapsed, **{"db.system": "postgresql", **failed})


@lru_cache(maxsize=1_000)
def _named(statement: str) -> tuple[str, str]:
    """What a statement begins with, and that with its first table: never a value, nor the rest of its text."""
    begin, table = _VERB.match(statement), _TABLE.search(statement)
    verb = begin[1].upper() if begin else "SQL"
    return verb, f"{verb} {table[1]}" if table else verb

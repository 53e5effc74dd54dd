"""`assent dev`: everything on this machine, under one supervisor."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from cli.embedded import EmbeddedError, postgres, valkey
from cli.embedded.home import open_to_us
from cli.embedded.process import die_with_parent, exclusive, wait_until
from cli.environment import announced, fail, kept
from cli.sample import ensure_sample, sample_key
from cli.supervisor import Command, Tended, started, stopped_by_signals, tend
from domain.infra.settings import Settings, settings

_API_START_SECONDS = 60


def dev(
    with_parent: Annotated[bool, typer.Option("--with-parent", help="Stop when the starting process ends.")] = False,
) -> None:
    """Run the servers, the API and a worker until Ctrl-C, and start again whichever dies."""
    if with_parent:
        die_with_parent(os.getppid(), signal.SIGTERM)
    with stopped_by_signals():
        try:
            _run(settings())
        except (EmbeddedError, OSError) as error:
            fail(str(error))


def _run(given: Settings) -> None:
    _refuse_busy_port(given)
    open_to_us(given.data_dir)
    with ExitStack() as stack:
        stack.enter_context(exclusive(given.data_dir))
        services: list[Tended] = []
        env = stack.enter_context(_environment(given, services))
        key = sample_key(given.data_dir, given.api_key.get_secret_value() if given.api_key else None)
        asyncio.run(_prepare(env["ASSENT_DATABASE_URL"], given, key))
        stack.enter_context(announced(given.data_dir, env))
        for name in ("worker", "api"):
            command = Command([name], os.environ | env)
            stack.enter_context(started(command))
            services.append(Tended(name, command))
        wait_until(lambda: _listens(given) or not services[-1].service.running, seconds=_API_START_SECONDS)
        if _listens(given):
            _welcome(given, key)
        tend(services)


@contextmanager
def _environment(given: Settings, services: list[Tended]) -> Iterator[dict[str, str]]:
    """The variables that name the servers and the secret; the embedded servers run inside the block."""
    with ExitStack() as stack:
        database, queue, secret = given.database_url, given.redis_url, given.secret
        if database is None:
            server = stack.enter_context(postgres(given.data_dir))
            services.append(Tended("postgres", server))
            secret_text = secret.get_secret_value() if secret else kept(given.data_dir / "secret", _new_secret)
        elif secret is None:
            fail("ASSENT_SECRET must be set, since ASSENT_DATABASE_URL names a server of yours.")
        else:
            secret_text = secret.get_secret_value()
        if queue is None:
            bell = stack.enter_context(valkey(given.data_dir))
            services.append(Tended("valkey", bell))
        yield {
            "ASSENT_DATABASE_URL": database or server.url,
            "ASSENT_REDIS_URL": queue or bell.url,
            "ASSENT_SECRET": secret_text,
        }


async def _prepare(url: str, given: Settings, key: str) -> None:
    from domain.infra.migrate import migrate

    for name in await migrate(url):
        print(f"assent: applied {name}", file=sys.stderr)
    await ensure_sample(url, given.data_dir, key)


def _refuse_busy_port(given: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
        except OSError as error:
            fail(
                f"cannot listen on {given.host}:{given.port} ({error.strerror}): set PORT, or ASSENT_HOST, to another."
            )


def _listens(given: Settings) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((given.host, given.port)) == 0


def _welcome(given: Settings, key: str) -> None:
    print(f"\n  GraphiQL  {given.base_url}/graphql\n  API key   {key}\n\n  Ctrl-C stops everything.\n", flush=True)


def _new_secret() -> str:
    return secrets.token_urlsafe(48)

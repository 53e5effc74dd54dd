"""`assent dev`: everything on this machine, under one supervisor."""

import asyncio
import os
import secrets
import signal
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.embedded import EmbeddedError, postgres, valkey
from cli.embedded.home import open_to_us
from cli.embedded.process import die_with_parent, exclusive, wait_until
from cli.environment import announced, fail, kept
from cli.first import api
from cli.sample import preference_page, prepare, prepared, sample_key
from cli.supervisor import Command, Tended, asked_to_stop, stopped_by_signals, tend

if TYPE_CHECKING:
    from domain.infra.settings import Settings

_API_START_SECONDS = 60


def dev(
    with_parent: Annotated[bool, typer.Option("--with-parent", help="Stop when the starting process ends.")] = False,
) -> None:
    """Run the servers, the API and a worker until Ctrl-C, and start again whichever dies."""
    if with_parent:
        die_with_parent(os.getppid(), signal.SIGTERM)
    with stopped_by_signals(), ExitStack() as stack:
        stack.callback(api.stop)
        if not api.running:
            api.warm_up()
        from domain.infra.settings import settings

        try:
            _run(settings(), api, stack)
        except (EmbeddedError, OSError) as error:
            fail(str(error))


def _run(given: "Settings", api: Command, stack: ExitStack) -> None:
    _refuse_busy_port(given)
    open_to_us(given.data_dir)
    stack.enter_context(exclusive(given.data_dir))
    servers = _servers(given, stack)
    key = sample_key(given.data_dir, given.api_key.get_secret_value() if given.api_key else None)
    if not prepared(servers.stamp, key, given.sample_contacts):
        url = servers.env["ASSENT_DATABASE_URL"]
        asyncio.run(prepare(url, given.data_dir, servers.stamp, key, given.sample_contacts))
    stack.enter_context(announced(given.data_dir, servers.env))
    worker = Command("worker", servers.env)
    stack.callback(worker.stop)
    stack.callback(api.stop)  # a second time, so that it ends before the worker does
    # GraphiQL on this machine is opened with the key filled in.
    api.env = servers.env | {"ASSENT_API_KEY": key, "ASSENT_DEV": "1"}
    api.start()
    wait_until(lambda: _listens(given) or not api.running or asked_to_stop(), seconds=_API_START_SECONDS)
    if api.running:
        _greet(given, key, servers.env["ASSENT_SECRET"])
    worker.start()  # only now: it would take a core from the API while that starts
    tend([*servers.embedded, Tended("api", api), Tended("worker", worker)])


def _greet(given: "Settings", key: str, secret: str) -> None:
    print(f"\n  GraphiQL  {given.base_url}/graphql\n  Mailbox   {given.base_url}/dev/mailbox\n  API key   {key}")
    if page := preference_page(given.data_dir, secret):
        print(f"  A recipient's preference page\n            {page}")
    print("\n  Ctrl-C stops everything.\n", flush=True)


@dataclass
class _Servers:
    """The variables that name the servers and the secret, and which of the servers are ours to tend."""

    env: dict[str, str] = field(default_factory=dict)
    embedded: list[Tended] = field(default_factory=list)
    stamp: Path | None = None


def _servers(given: "Settings", stack: ExitStack) -> _Servers:
    """Start what the environment does not name; it runs until the stack is closed."""
    servers = _Servers()
    if given.database_url is None:
        database = stack.enter_context(postgres(given.data_dir))
        servers.embedded.append(Tended("postgres", database))
        servers.stamp = database.home / "prepared"
    elif given.secret is None:
        fail("ASSENT_SECRET must be set, since ASSENT_DATABASE_URL names a server of yours.")
    if given.redis_url is None:
        queue = stack.enter_context(valkey(given.data_dir))
        servers.embedded.append(Tended("valkey", queue))
    servers.env = {
        "ASSENT_DATABASE_URL": given.database_url or database.url,
        "ASSENT_REDIS_URL": given.redis_url or queue.url,
        "ASSENT_SECRET": given.secret.get_secret_value() if given.secret else kept(given.data_dir / "secret", _random),
    }
    return servers


def _refuse_busy_port(given: "Settings") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
        except OSError as error:
            fail(
                f"cannot listen on {given.host}:{given.port} ({error.strerror}): set PORT, or ASSENT_HOST, to another."
            )


def _listens(given: "Settings") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((given.host, given.port)) == 0


def _random() -> str:
    return secrets.token_urlsafe(48)

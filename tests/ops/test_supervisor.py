"""`assent dev`, as a person at a terminal meets it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.process import free_port
from tests.ops.processes import alive, children, eventually, listens


class Dev:
    """A running `assent dev` on a data directory of its own."""

    def __init__(self, data_dir: Path, **env: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        own = {"ASSENT_DATA_DIR": str(data_dir), "PORT": str(self.port), "ASSENT_SAMPLE_CONTACTS": "0"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASSENT_")}
        argv = [sys.executable, "-m", "cli.main", "dev", "--with-parent"]
        self.process = subprocess.Popen(
            argv, env=inherited | own | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait(self) -> "Dev":
        """Until it says how it can be reached."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if "Ctrl-C stops everything" in line:
                return self
        raise AssertionError("".join(self.lines))

    def part(self, name: str) -> int | None:
        """The process id of one of its parts."""
        return next((pid for pid, command in children(self.process.pid).items() if name in command), None)

    def close(self) -> None:
        """Make sure that it is gone."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def dev(data_dir: Path) -> Iterator[Dev]:
    """A running `assent dev`."""
    running = Dev(data_dir)
    try:
        yield running.wait()
    finally:
        running.close()


def test_it_starts_again_what_dies_and_stops_all(dev: Dev, data_dir: Path) -> None:
    """A killed API, worker or server is started again; Ctrl-C ends everything, and the key is the same next time."""
    for name in ("cli.gate api", "cli.gate worker", "valkey-server"):
        assert eventually(lambda: dev.part(name) is not None), name  # noqa: B023 - called before the next turn
        before = dev.part(name)
        os.kill(before or 0, signal.SIGKILL)
        assert eventually(lambda: dev.part(name) not in (None, before)), name  # noqa: B023
    assert eventually(lambda: listens(dev.url))
    parts = children(dev.process.pid)
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(60) == 0
    assert not any(map(alive, parts))
    assert not (data_dir / "running.env").exists()

    again = Dev(data_dir)
    try:
        again.wait()
        assert _key(again.lines) == _key(dev.lines)
    finally:
        again.close()


def test_a_killed_supervisor_leaves_nothing(dev: Dev) -> None:
    """Everything ends with a supervisor that had no chance to stop it."""
    parts = children(dev.process.pid)
    assert len(parts) >= 3
    dev.process.kill()
    dev.process.wait()
    assert eventually(lambda: not any(map(alive, parts)))


def test_a_second_supervisor_is_refused(dev: Dev, data_dir: Path) -> None:
    """On the same data directory a second one says who is there; on a busy port, which setting to change."""
    second = Dev(data_dir)
    output, _ = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    assert f"in use by another Assent (process {dev.process.pid})" in output

    third = Dev(data_dir, PORT=str(dev.port))
    output, _ = third.process.communicate(timeout=60)
    assert third.process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{dev.port}" in output
    assert "Traceback" not in output


def test_own_servers_need_a_secret(data_dir: Path) -> None:
    """Beside a database of one's own nothing is signed with a generated secret."""
    running = Dev(data_dir, ASSENT_DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    output, _ = running.process.communicate(timeout=60)
    assert running.process.returncode == 1
    assert "ASSENT_SECRET must be set" in output


def _key(lines: list[str]) -> str:
    return next(line.split()[-1] for line in lines if "API key" in line)


def test_a_signal_during_a_start_is_not_lost() -> None:
    """Whoever is asked to stop while it starts a process stops."""
    program = """
import signal
from cli.embedded.process import spawn
from cli.supervisor import stopped_by_signals
with stopped_by_signals():
    print("ready", flush=True)
    while True:
        spawn(["/bin/true"], on_parent_death=signal.SIGKILL).wait()
"""
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0

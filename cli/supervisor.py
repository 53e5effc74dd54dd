"""Keeps processes running: what dies is started again, after a pause that grows while it keeps dying."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn, Protocol

from cli.embedded import EmbeddedError
from cli.embedded.process import spawn, stop

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
# Longer than the API and the worker take to let what is under way end.
_PATIENCE = 25.0
# Whoever lives this long is well again.
_WELL_AFTER = 60.0


class Service(Protocol):
    """Something that runs until it dies or is stopped."""

    @property
    def running(self) -> bool:
        """Whether its process is there."""

    def start(self) -> None:
        """Start it, or start it again."""

    def stop(self) -> None:
        """End it."""


@dataclass
class Command:
    """One `assent` command as a process of its own; its output goes where ours goes."""

    name: str
    env: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def warm_up(self) -> None:
        """Start its process, which imports libraries and then waits for `start`."""
        argv = [sys.executable, "-m", "cli.gate", self.name]
        self.process = spawn(argv, on_parent_death=signal.SIGKILL, stdin=subprocess.PIPE)

    def start(self) -> None:
        """Start it with `env` added to our environment."""
        if not self.running:
            self.warm_up()
        if self.process and self.process.stdin:
            with suppress(BrokenPipeError), self.process.stdin as gate:
                gate.write(json.dumps(self.env).encode() + b"\n")

    def stop(self) -> None:
        """Let it finish what it does for a while, then end it."""
        if self.process:
            stop(self.process, signal.SIGTERM, patience=_PATIENCE)


@dataclass
class Tended:
    """A service, how often it died of late, and when it may be started again."""

    name: str
    service: Service
    deaths: int = 0
    started: float = field(default_factory=time.monotonic)
    resume: float | None = None

    def look(self) -> None:
        """Start the service again if it died and its pause is over."""
        now = time.monotonic()
        if self.resume is not None and now >= self.resume:
            self._start(now)
        elif self.resume is None and not self.service.running:
            self._died(now)

    def _died(self, now: float) -> None:
        self.deaths = 1 if now - self.started > _WELL_AFTER else self.deaths + 1
        pause = min(_FIRST_PAUSE * 2 ** (self.deaths - 1), _LONGEST_PAUSE)
        self.resume = now + pause
        print(f"assent: {self.name} ended; starting it again in {pause:g} s", file=sys.stderr, flush=True)

    def _start(self, now: float) -> None:
        self.started, self.resume = now, None
        with suppress(EmbeddedError):  # it shows as not running, and is tried again
            self.service.start()


def tend(services: Sequence[Tended]) -> NoReturn:
    """Look after the services until a signal, see `stopped_by_signals`."""
    while not asked_to_stop():
        for service in services:
            service.look()
        time.sleep(0.1)
    raise _Stopped


def asked_to_stop() -> bool:
    """Whether a signal came; its exception is lost when it strikes in a finalizer."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Leave the block quietly on SIGINT, SIGTERM or SIGHUP; once leaving, further signals change nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with suppress(_Stopped):
        yield


class _Stopped(SystemExit):
    """A signal asked for the end. Of all exceptions, an event loop lets this kind through."""


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise _Stopped

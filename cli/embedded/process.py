"""Child processes that never outlive the one that started them."""

import ctypes
import fcntl
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_libc = ctypes.CDLL(None, use_errno=True)


class EmbeddedError(RuntimeError):
    """An embedded server cannot start; the message says why and what to do."""


class AlreadyRunningError(EmbeddedError):
    """The data directory is in use by another process."""


def die_with_parent(parent: int, sig: signal.Signals) -> None:
    """Have the kernel send `sig` to this process when the thread that started it ends; prctl(2)."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if os.getppid() != parent:  # the parent went before prctl was in place
        os.kill(os.getpid(), sig)


def spawn(
    argv: Sequence[str | Path],
    *,
    on_parent_death: signal.Signals,
    log: Path | None = None,
    uid: int | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    held: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, which ends with the calling thread: call it from the main one.

    A session of its own keeps a Ctrl-C in the terminal from reaching it, so that the parent decides the order.
    `held` are locks that it keeps until it ends, whatever becomes of the parent.
    """
    parent = os.getpid()
    account = pwd.getpwuid(uid) if uid not in (None, os.getuid()) else None
    output = log.open("ab") if log else None
    # A handler that raises would be lost in the hooks that run around a fork, or run in the child instead.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)

    def prepare() -> None:
        die_with_parent(parent, on_parent_death)  # set after the change of user, which clears it
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    try:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env=env,
            start_new_session=True,
            pass_fds=held,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            preexec_fn=prepare,  # noqa: PLW1509 - it makes system calls, and this program forks before it has threads
        )
    finally:
        if output:
            output.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def stop(process: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 15) -> None:
    """End a process: each signal in turn, `patience` seconds after the one before, and SIGKILL at last."""
    for sig in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sig)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def wait_until(ready: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> bool:
    """Call `ready` until it is true; false when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_accepts(port: int) -> bool:
    """Whether something listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


@contextmanager
def exclusive(directory: Path) -> Iterator[int]:
    """Hold the directory for this process, and for the children that are given the lock it yields.

    Raises AlreadyRunningError when the process that holds it is there; what a killed one left is waited for.
    """
    with (directory / "lock").open("a+") as lock:

        def taken() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not wait_until(lambda: taken() or _holder(directory) is not None, seconds=30) or not taken():
            who = _holder(directory) or "what a killed one left"
            message = f"{directory} is in use by another Assent (process {who}): stop it, or set ASSENT_DATA_DIR."
            raise AlreadyRunningError(message)
        if os.getuid() == 0:  # so that the directory's owner may run it, too
            os.fchown(lock.fileno(), directory.stat().st_uid, -1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _holder(directory: Path) -> int | None:
    """The process that wrote itself into the lock, while it runs."""
    pid = (directory / "lock").read_text().strip()
    return int(pid) if pid.isdigit() and Path(f"/proc/{pid}").exists() else None

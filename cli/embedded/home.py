"""Where an embedded server's files live, and as whom it runs."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from cli.embedded.process import EmbeddedError

_ROOT_HOME = Path("/var/lib/assent")


def prepare(data_dir: Path, name: str, *, unprivileged: bool) -> tuple[Path, int]:
    """The server's directory under `data_dir`, made 0700 where it is missing, and the uid it runs as.

    That is whoever owns the directory, so root may start what a user made; a new one belongs to the caller, or to
    nobody when root may not run the server. Where nobody cannot reach `data_dir`, it is a link to a place they can.
    Raises EmbeddedError when the directory belongs to somebody else or cannot be made.
    """
    home = data_dir.absolute() / name
    if not home.exists():
        open_to_us(data_dir)
        _make(home, nobody() if unprivileged and os.getuid() == 0 else os.getuid())
    owner = home.stat().st_uid
    if os.getuid() not in (0, owner):
        message = f"{home} belongs to {pwd.getpwuid(owner).pw_name}: run as them, or set ASSENT_DATA_DIR."
        raise EmbeddedError(message)
    return home.resolve(), owner


def open_to_us(data_dir: Path) -> None:
    """Make the directory where it is missing. Raises EmbeddedError when this user may not write in it."""
    with suppress(PermissionError):
        data_dir.mkdir(parents=True, exist_ok=True)
    if not os.access(data_dir, os.W_OK):
        message = f"{data_dir.absolute()} cannot be written by this user: set ASSENT_DATA_DIR to a directory that can."
        raise EmbeddedError(message)


def nobody() -> int:
    """The uid of the system's least privileged user."""
    return pwd.getpwnam("nobody").pw_uid


def reachable(path: Path, uid: int) -> bool:
    """Whether `uid` may pass through every directory down to `path`."""
    return uid in (0, os.getuid()) or all(_enters(parent, uid) for parent in path.absolute().parents)


def copied(sources: list[Path], version: str) -> Path:
    """A place every user can reach, holding copies of `sources`; made once a version."""
    target = _ROOT_HOME / version
    if not target.exists():
        _ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=_ROOT_HOME))
        for source in sources:
            shutil.copytree(source, partial / source.name)
        partial.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return target


def _make(home: Path, uid: int) -> None:
    if not reachable(home, uid):
        digest = hashlib.sha256(str(home).encode()).hexdigest()[:16]
        target = _ROOT_HOME / "data" / digest / home.name
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.unlink(missing_ok=True)
        home.symlink_to(target)
    home.resolve().mkdir(mode=0o700, exist_ok=True)
    if uid != os.getuid():
        os.chown(home.resolve(), uid, pwd.getpwuid(uid).pw_gid)


def _enters(directory: Path, uid: int) -> bool:
    info = directory.stat()
    if info.st_uid == uid:
        return bool(info.st_mode & stat.S_IXUSR)
    return bool(info.st_mode & stat.S_IXOTH)

"""`python -m cli.embedded DIR`: both servers, until a signal or the end of the parent."""

import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cli.embedded import EmbeddedError, postgres, valkey
from cli.embedded.process import die_with_parent


def main() -> None:
    """Start both servers on DIR (`--fast`: without fsync), print their URLs and wait."""
    parser = ArgumentParser("python -m cli.embedded", description="Start PostgreSQL and Valkey, and print their URLs.")
    parser.add_argument("directory", nargs="?", default=".assent", type=Path, help="where they keep their files")
    parser.add_argument("--fast", action="store_true", help="without fsync: a crash of the machine loses everything")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    die_with_parent(os.getppid(), signal.SIGTERM)
    try:
        with (
            postgres(given.directory, durable=not given.fast) as database,
            valkey(given.directory, durable=not given.fast) as queue,
        ):
            print(f"ASSENT_DATABASE_URL={database.url}")
            print(f"ASSENT_REDIS_URL={queue.url}", flush=True)
            signal.pause()
    except EmbeddedError as error:
        sys.exit(str(error))


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()

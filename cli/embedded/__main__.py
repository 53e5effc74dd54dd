"""`python -m cli.embedded DIR`: both servers, until a signal or the end of the parent."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cli.embedded import EmbeddedError, postgres, valkey
from cli.embedded.process import die_with_parent


def main() -> None:
    """Start both servers on DIR (`--fast`: without fsync), print their URLs and wait."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--fast"]
    durable = "--fast" not in sys.argv
    directory = Path(arguments[0] if arguments else ".assent")
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    die_with_parent(os.getppid(), signal.SIGTERM)
    try:
        with postgres(directory, durable=durable) as database, valkey(directory, durable=durable) as queue:
            print(f"ASSENT_DATABASE_URL={database.url}")
            print(f"ASSENT_REDIS_URL={queue.url}", flush=True)
            signal.pause()
    except EmbeddedError as error:
        sys.exit(str(error))


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()

"""A process that imports what it needs while the servers start, and waits at its stdin for its environment.

Half of what `assent dev` takes to start is Python importing; so it is done on the other core, meanwhile.
"""

import gc
import importlib
import json
import os
import sys
from contextlib import suppress

_LIBRARIES = [
    "pydantic_settings",
    "domain.infra.log",
    "tortoise.backends.asyncpg.client",
    "uvicorn",
    "strawberry",
    "domain.infra.redis",
    "arq.connections",
    "starlette.routing",
    "prometheus_client",
    "itsdangerous",
]


def main() -> None:
    """Import libraries, read one line of JSON from stdin, and run the `assent` command that argv names."""
    if sys.argv[1] == "api":
        gc.disable()  # nothing of what an import makes is garbage; the API enables it once it is up
        for name in _LIBRARIES:
            with suppress(ImportError):  # the command itself will say so better
                importlib.import_module(name)
    line = sys.stdin.readline()
    if not line:
        return
    os.environ |= json.loads(line)
    named = sys.argv[1]
    getattr(importlib.import_module(f"cli.{named}"), named)()


if __name__ == "__main__":
    main()

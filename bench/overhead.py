"""`python -m bench.overhead`: what limits, authentication and persisted queries add to a page of fifty contacts.

Both ways of asking take turns, request by request, so that whatever else the machine does befalls both alike.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from unittest.mock import patch

import orjson
from rich.console import Console
from rich.table import Table

from api.auth import actor_for
from bench.asgi import post
from bench.hostile import KEY, application
from bench.http import _PAGE
from bench.servers import servers

CONTACTS = 2_000
_BARE = orjson.dumps({"query": _PAGE})
_HASHED = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(_PAGE.encode()).hexdigest()}}}


@contextmanager
def without(actor: Any) -> Iterator[None]:
    """No key is looked up, nothing is weighed or counted, no hash is resolved."""

    async def known(*_: object) -> Any:
        return actor

    async def nothing(*_: object) -> None:
        return None

    async def same(asked: Any) -> Any:
        return asked

    with ExitStack() as stack:
        stack.enter_context(patch("api.http.view.actor_for", known))
        stack.enter_context(patch("api.execution.charge", nothing))
        stack.enter_context(patch("api.execution.refuse_spent", lambda _: None))
        stack.enter_context(patch("api.execution.persisted.resolved", same))
        stack.enter_context(patch("api.execution.documents.cost", lambda *_: 0))
        yield


async def _timed(content: bytes) -> float:
    began = perf_counter()
    response = await post(content, KEY)
    took = perf_counter() - began
    assert response.status == 200, response.body
    return took


async def _measure(turns: int) -> None:
    async with application(CONTACTS):
        actor = await actor_for(f"Bearer {KEY}")
        hashed = orjson.dumps(_HASHED)
        await post(orjson.dumps(_HASHED | {"query": _PAGE}), KEY)
        bare, ours = [], []
        for _ in range(turns):
            with without(actor):
                bare.append(await _timed(_BARE))
            ours.append(await _timed(hashed))
        _print(bare[turns // 10 :], ours[turns // 10 :])


def _print(bare: list[float], ours: list[float]) -> None:
    table = Table("A page of 50 contacts", "p50 ms", "p95 ms")
    for words, taken in (("without", bare), ("with limits, authentication and a hash", ours)):
        table.add_row(words, f"{median(taken) * 1000:.2f}", f"{quantiles(taken, n=20)[18] * 1000:.2f}")
    table.add_row("overhead (goal: < 10%)", f"{median(ours) / median(bare) - 1:+.1%}", "")
    Console(width=110).print(table)


if __name__ == "__main__":
    with servers():
        asyncio.run(_measure(int(sys.argv[1]) if len(sys.argv) > 1 else 400))

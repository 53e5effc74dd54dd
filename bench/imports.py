"""A list of people through the real worker, half of them there already, beside COPY, upserts and plain inserts."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bench.bulk import actor_of, awake, finish
from bench.by_hand import by_hand
from bench.servers import connected, peak_memory, process, servers
from bench.upserts import upserts
from domain.accounts.create import create_account
from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.consent.evidence import Evidence
from domain.files import uploads
from domain.imports.choice import Chosen
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.source import Uploaded
from domain.infra.db import pool
from domain.values import EvidenceMethod

SIZES = (10_000, 100_000)
MOST_UPSERTS = 50_000
"""Rows that are upserted: their rate does not change with more."""
MOST_BY_HAND = 100_000
HEADER = "email,first_name,last_name,mobile,town,plan"
_FIELDS = ("email", "first_name", "last_name", "mobile", "attribute:town", "attribute:plan")
COLUMNS = [Chosen(name, field) for name, field in zip(HEADER.split(","), _FIELDS, strict=True)]
EVIDENCE = Evidence(EvidenceMethod.SIGNUP_FORM, "Agreed on the form of the bench.")
_PLAIN = """
DROP TABLE IF EXISTS plain_list;
CREATE TABLE plain_list (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
  first_name text, last_name text, mobile text, town text, plan text)
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rows a second; the worker's peak memory in MB."""

    copy: float
    by_hand: float | None
    one_by_one: float
    pipelined: float
    half_known: float
    again: float
    memory: float


def rows(size: int, step: int = 1) -> Iterator[str]:
    """Lines of a list, without the header; emails are in no order."""
    for i in range(0, size, step):
        yield (
            f"person{i * 7919 % 10_000_019}@example.com,First{i % 997},Last{i % 9973},+4915{i:09d},"
            f"Town {i % 100},plan{i % 7}"
        )


async def rates(size: int) -> Rates:
    """Import a list of `size` rows whose every other contact was imported before, then the same list again."""
    copied = await _copy(size)
    some = min(size, MOST_UPSERTS)
    one_by_one, pipelined = [await upserts(rows(some, 2), rows(some), pipeline=pipeline) for pipeline in (False, True)]
    await pool().execute("DROP TABLE plain_list")
    opened, _ = await create_account("Bench")
    actor = actor_of(opened.id)
    with ExitStack() as stack:
        worker = stack.enter_context(process("-m", "cli.main", "worker"))
        await awake()
        await bring(actor, size, 2)
        half_known, done = await bring(actor, size)
        assert done.counts["created"] == size // 2
        assert done.changed == done.unchanged == size // 2
        hand = size / await by_hand(actor.account_id, done.id) if size <= MOST_BY_HAND else None
        again, done = await bring(actor, size)
        assert done.unchanged == size
        return Rates(copied, hand, one_by_one, pipelined, half_known, again, peak_memory(worker.pid))


async def _copy(size: int) -> float:
    text = "".join(f"{line}\n" for line in rows(size)).encode()
    await pool().execute(_PLAIN)
    await pool().execute("CHECKPOINT")
    began = perf_counter()
    async with pool().acquire() as connection:
        columns = HEADER.split(",")
        await connection.copy_to_table("plain_list", source=io.BytesIO(text), columns=columns, format="csv")
    return size / (perf_counter() - began)


async def bring(actor: Actor, size: int, step: int = 1) -> tuple[float, Operation]:
    """Import a list through the running worker; answers rows a second and the operation at its end."""

    async def chunks() -> AsyncIterator[bytes]:
        yield f"{HEADER}\n".encode()
        for line in rows(size, step):
            yield f"{line}\n".encode()

    announced = await uploads.create_upload(actor, "list.csv")
    await uploads.receive(announced, chunks())
    await pool().execute("CHECKPOINT")
    began = perf_counter()
    queued = await import_contacts(actor, NewImport(Uploaded(announced.id), True, EVIDENCE, COLUMNS))
    done = await finish(actor, queued, 0.02)
    assert done.total == done.processed
    return (done.total or 0) / (perf_counter() - began), done


def table(found: dict[int, Rates]) -> Table:
    """The figures of several sizes."""
    made = Table("Import", *(f"{size:,} rows" for size in found), "goal", title="rows/s, and the ratio to COPY")
    lines: list[tuple[str, str, str]] = [
        ("COPY into one table", "copy", "the limit"),
        ("the new half's rows by hand, into our tables", "by_hand", "what the tables cost"),
        ("a statement a row, as listmonk", "one_by_one", ""),
        ("the same, pipelined", "pipelined", ""),
        ("import, half already there", "half_known", "≥ 0.25; ≥ 15 times a statement a row, ≥ 4 times pipelined"),
        ("import, all already there", "again", "≥ 0.4"),
    ]
    for words, name, goal in lines:
        made.add_row(words, *(_rate(getattr(r, name), r.copy) for r in found.values()), goal)
    times = (f"{r.half_known / r.one_by_one:.1f} and {r.half_known / r.pipelined:.1f} times" for r in found.values())
    made.add_row("beside the upserts", *times, "")
    made.add_row("worker's peak memory", *(f"{r.memory:.0f} MB" for r in found.values()), "< 400 MB")
    return made


def _rate(rows: float | None, limit: float) -> str:
    return f"{rows:,.0f}  {rows / limit:.2f}" if rows else ""


@connected()
async def _measure(sizes: list[int]) -> None:
    Console(width=140).print(table({size: await rates(size) for size in sizes}))


if __name__ == "__main__":
    with servers():
        asyncio.run(_measure([int(size) for size in sys.argv[1:]] or list(SIZES)))

"""The API over HTTP, beside a bare application that runs the same SQL."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from uuid import UUID

from api.relay import global_id
from bench.bulk import actor_of
from bench.servers import serving
from domain.accounts.keys import ALL_SCOPES, create_key
from domain.infra.db import pool

SECONDS = 4
KEY = "a key that is used by the bench alone"
_PAGE = """{ contacts(first: 50) { pageInfo { hasNextPage } nodes { id name email phone lifecycle version
  points { channel slot value consent deliverability } topics { topic { key } subscribed } tags } } }"""
_OPT_IN = """mutation OptIn($id: ID!) { optInContact(input: { contactId: $id,
  evidence: { method: VERBAL, statement: "Said so on the phone to us." } }) {
  contact { id name lifecycle } events { action } userErrors { code message } } }"""


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, and the 95th percentile in milliseconds."""

    rate: float
    p95: float


async def loads(account_id: UUID) -> dict[tuple[str, int], tuple[Load, Load]]:
    """For each operation and number of connections: the bare application, then ours."""
    await create_key(actor_of(account_id), "bench", ALL_SCOPES, KEY)
    os.environ["BENCH_ACCOUNT"] = str(account_id)
    fresh = iter(await _ids(account_id))
    found = {}
    with (
        TemporaryDirectory(prefix="assent-bench-") as directory,
        serving("-m", "bench.bare", ready="/healthz") as bare,
        serving("-m", "cli.main", "api", ready="/healthz") as ours,
    ):
        bodies = Path(directory) / "bodies"
        for connections in (1, 16):
            bodies.write_bytes(b"{}")
            limit = await _load(f"{bare}/page", connections, bodies)
            bodies.write_text(json.dumps({"query": _PAGE}))
            found["page of 50", connections] = limit, await _load(f"{ours}/graphql", connections, bodies)
            bodies.write_text("\n".join(json.dumps({"id": str(contact)}) for contact in _some(fresh)))
            limit = await _load(f"{bare}/opt-in", connections, bodies)
            asked = ({"query": _OPT_IN, "variables": {"id": global_id("Contact", contact)}} for contact in _some(fresh))
            bodies.write_text("\n".join(map(json.dumps, asked)))
            found["optInContact", connections] = limit, await _load(f"{ours}/graphql", connections, bodies)
    return found


async def _load(url: str, connections: int, bodies: Path) -> Load:
    plan = {"url": url, "connections": connections, "bodies": str(bodies), "seconds": SECONDS, "key": KEY}
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", json.dumps(plan), stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await client.communicate()
    taken = json.loads(answer)
    taken = taken[len(taken) // 10 :]  # the first tenth warms up
    return Load(connections / (sum(taken) / len(taken)), quantiles(taken, n=20)[18] * 1_000)


async def _ids(account_id: UUID) -> list[UUID]:
    rows = await pool().fetch(
        """SELECT p.contact_id FROM contact_point p
             JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
             JOIN address a ON a.account_id = $1 AND a.id = p.address_id
            WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1
              AND s.lifecycle = 'ACTIVE' AND a.consent = 'NON_MARKETABLE'""",
        account_id,
    )
    return [row["contact_id"] for row in rows]


def _some(fresh: Iterator[UUID]) -> list[UUID]:
    """Contacts that are not opted in yet: more than a run can use up."""
    return [contact for _, contact in zip(range(5_000), fresh, strict=False)]

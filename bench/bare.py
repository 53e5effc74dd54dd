"""The limit of the API: a bare Starlette application that runs the same SQL, with nothing around it."""

# ruff: noqa: SLF001 - the API's own statements are read where they stand

import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.consent import change
from domain.consent.evidence import Evidence
from domain.consent.rules import Change, Proof
from domain.consent.rules import Request as Asked
from domain.contacts import queries
from domain.infra import db
from domain.ledger import events
from domain.values import Channel, ConsentSource, EvidenceMethod

_ACCOUNT = UUID(os.environ["BENCH_ACCOUNT"])
_OPT_IN = Asked(Change.OPT_IN, ConsentSource.OPERATOR, proof=Proof.UNWRITTEN)
_EVIDENCE = Evidence(EvidenceMethod.VERBAL, "Said so on the phone to us.")
_PAGE = f"{queries._CONTACT} ORDER BY c.id DESC LIMIT 51"


async def opt_in(request: Request) -> Response:
    """Lock, decide, commit; then the contact and the entries, as the mutation answers them."""
    contact = UUID((await request.json())["id"])
    context = change.Context(_ACCOUNT, "key:bench", datetime.now(UTC), _EVIDENCE)
    given = change.parameters(_OPT_IN, change.Targets([contact], [Channel.EMAIL], [1]), context)
    async with db.pool().acquire() as connection, connection.transaction():
        await connection.fetchval(change.LOCK, _ACCOUNT, [contact], [Channel.EMAIL], False)
        row = await connection.fetchrow(change.DECIDE, *given)
    contacts = await db.pool().fetch(queries._BY_IDS, _ACCOUNT, [contact])
    entries = await db.pool().fetch(events._BY_POSITIONS, _ACCOUNT, row["positions"])
    return _json({"contact": dict(contacts[0]), "events": [entry["action"] for entry in entries]})


async def page(_request: Request) -> Response:
    """Fifty contacts with their points, topics and tags."""
    contacts = await db.pool().fetch(_PAGE, _ACCOUNT)
    ids = [row["id"] for row in contacts]
    parts = [await db.pool().fetch(text, _ACCOUNT, ids) for text in (queries._POINTS, queries._TOPICS, queries._TAGS)]
    return _json([[dict(row) for row in part] for part in (contacts, *parts)])


def _json(content: object) -> Response:
    return Response(orjson.dumps(content, default=str), media_type="application/json")


@asynccontextmanager
async def _lifespan(_app: Starlette):
    await db.connect(os.environ["ASSENT_DATABASE_URL"])
    yield
    await db.close()


app = Starlette(
    routes=[
        Route("/opt-in", opt_in, methods=["POST"]),
        Route("/page", page, methods=["POST"]),
        Route("/healthz", lambda _request: Response("ok")),
    ],
    lifespan=_lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_config=None, access_log=False, server_header=False)

"""The ASGI application: routes, the connections that live as long as it does, and what surrounds every request."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from api.http.cors import Cors
from api.http.files import download, result
from api.http.health import healthz, readyz
from api.http.hooks import receive_hook
from api.http.ide import Ide
from api.http.log import AccessLog, fault
from api.http.mailbox import dev_routes
from api.http.metrics import metrics
from api.http.people import person
from api.http.reports import bulk_report
from api.http.socket import serve
from api.http.trusted import trusted
from api.http.uploads import receive_upload
from api.http.view import View
from api.pages.proof import proof
from api.pages.routes import PAGES
from domain.infra import db, queue, redis, telemetry
from domain.infra.settings import settings
from domain.ledger import tail
from domain.messages.tried import hang_up


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Connect to PostgreSQL and Redis; leave both in order."""
    given = settings()
    assert given.database_url, "ASSENT_DATABASE_URL is required here"
    assert given.redis_url, "ASSENT_REDIS_URL is required here"
    telemetry.start("assent-api")
    await db.connect(given.database_url, given.pool_size)
    redis.connect(given.redis_url)
    gc.freeze()  # the schema stays; to look through it again and again for garbage costs more than most requests
    gc.enable()
    trusted(given.trusted_documents)  # what is wrong with them is said now, not at the first request
    try:
        yield
    finally:
        await queue.drain()
        await hang_up()
        await tail.close()
        await redis.close()
        await db.close()
        telemetry.stop()


def application() -> Starlette:
    """A new application, by the settings as they are now."""
    key = settings().api_key
    ide = Ide(prefill_key=key.get_secret_value() if key else None)
    made = Starlette(
        routes=[
            Route("/graphql", View(ide)),
            WebSocketRoute("/graphql", serve),
            ide.assets,
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/reports/{token}", bulk_report, name="report"),
            Route("/uploads/{token}", receive_upload, methods=["PUT"]),
            Route("/files/{token}", download),
            Route("/results/{token}", result),
            Route("/people/{token}", person),
            Route("/proof/{token}", proof),
            Route("/hooks/{token}", receive_hook, methods=["POST"]),
            *PAGES,
            *dev_routes(),
        ],
        middleware=[Middleware(AccessLog), Middleware(Cors)],
        exception_handlers={Exception: fault},
        lifespan=lifespan,
    )
    # Starlette's redirect is an absolute link, built from whatever Host was sent.
    made.router.redirect_slashes = False
    return made


app = application()

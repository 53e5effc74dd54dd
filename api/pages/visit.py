"""What every page behind a link has in common: reading the link, and answering when something is missing."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

import asyncpg
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from tortoise.exceptions import DBConnectionError, OperationalError

from api.pages.brand import Brand
from api.pages.page import render
from domain.accounts.queries import account
from domain.actor import Actor
from domain.errors import DomainError, ErrorCode
from domain.infra.log import logger
from domain.recipients.tokens import Expired, Purpose, Token, read

log = logger("api.pages")

PATIENCE: Final = 30.0
"""Seconds after which the database counts as out of reach."""
RETRY_AFTER: Final = "30"
OUT_OF_REACH: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    DBConnectionError,
    OperationalError,
)
"""What a database raises that is down, starting, stopping, full or being replaced."""

Page = Callable[[Request], Awaitable[Response]]
Behind = Callable[[Request, Token], Awaitable[Response]]


def behind(purpose: Purpose) -> Callable[[Behind], Page]:
    """Make a handler of `(request, token)` a page at `…/{token}`.

    A link that is forged, cut or foreign gets a helpful page that says nothing about anyone (404), one that is too old
    another (410); when the database is out of reach it is 503 with Retry-After, and never a success.
    """

    def behind_link(handler: Behind) -> Page:
        @wraps(handler)
        async def page(request: Request) -> Response:
            try:
                token = read(purpose, request.path_params["token"])
                return await handler(request, token)
            except Expired:
                return render(request, "dead_link.html", 410, expired=True)
            except DomainError as refusal:
                if refusal.field != ("token",) or refusal.code not in (ErrorCode.INVALID, ErrorCode.NOT_FOUND):
                    raise
                return render(request, "dead_link.html", 404, expired=False)

        return available(page)

    return behind_link


def available(handler: Page) -> Page:
    """Have a page answer 503 with Retry-After when the database is out of reach."""

    @wraps(handler)
    async def page(request: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                return await handler(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except OUT_OF_REACH as error:
            log.warning("database out of reach", error=type(error).__name__)
            return render(request, "unavailable.html", 503, headers={"retry-after": RETRY_AFTER})

    return page


async def brand_of(actor: Actor) -> Brand:
    """How the account's pages look."""
    return Brand.of(await account(actor))


def visitor(token: Token) -> Actor:
    """Whoever holds a link, as the ledger names them."""
    return Actor(token.account_id, f"link:{token.purpose.lower()}", frozenset())

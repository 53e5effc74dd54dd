"""`POST /hooks/{token}`: what providers send in. Verified before it counts; 503 when it should be sent again."""

import asyncio
from typing import Final
from uuid import UUID
from xml.sax.saxutils import escape

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.pages.visit import OUT_OF_REACH, RETRY_AFTER
from domain.accounts.queries import account
from domain.actor import Actor
from domain.inbound.call import Call, Forged, Malformed, Reading, Unverifiable
from domain.inbound.hooks import hook_behind, hook_url
from domain.inbound.receive import receive
from domain.inbound.rules import Keyword
from domain.inbound.values import HookKind
from domain.inbound.words import help_words
from domain.infra.log import logger
from domain.infra.settings import settings

log = logger("api.hooks")

PATIENCE: Final = 10.0
"""Seconds after which a provider is asked to come again: they wait for about as long."""


async def receive_hook(request: Request) -> Response:
    """Take a call in. 404 for no hook, 413, 403 for a call that is not the provider's, 400, 503; each without words
    about anyone.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await _received(request)
    except (ClientDisconnect, Malformed):
        return _said(400, "This call makes no sense.")
    except Forged:
        return _said(403, "This call is not signed as it should be, or too old.")
    except (Unverifiable, *OUT_OF_REACH) as error:
        log.warning("a hook's call has to come again", error=type(error).__name__)
        return _said(503, "Not now. Send it again.", **{"retry-after": RETRY_AFTER})


async def _received(request: Request) -> Response:
    token = request.path_params["token"]
    hook = await hook_behind(token)
    if hook is None:
        return _said(404, "There is no such hook.")
    body = await _body(request)
    if body is None:
        return _said(413, "Too much at once.", connection="close")
    url = hook_url(token) + (f"?{request.url.query}" if request.url.query else "")
    reading = await receive(hook, Call(url, {name.lower(): value for name, value in request.headers.items()}, body))
    return await _answer(hook.kind, hook.account_id, reading)


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is too large."""
    most, gathered = settings().body_limit, bytearray()
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:18]) > most:
        return None
    async for piece in request.stream():
        gathered += piece
        if len(gathered) > most:
            return None
    return bytes(gathered)


async def _answer(kind: HookKind, account_id: UUID, reading: Reading) -> Response:
    """What the provider is to answer the person, in its own form: words for HELP, nothing else.

    STOP and START are confirmed by the provider, or by the company's own gateway.
    """
    if kind not in (HookKind.TWILIO_SMS, HookKind.GENERIC_SMS):
        return Response(status_code=200)
    words = await _help(account_id) if reading.keyword is Keyword.HELP else None
    if kind is HookKind.GENERIC_SMS:
        return JSONResponse({"keyword": reading.keyword, "reply": words})
    inner = f"<Message>{escape(words)}</Message>" if words else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
    return Response(text, media_type="text/xml")


async def _help(account_id: UUID) -> str:
    found = await account(Actor(account_id, "hook", frozenset()))
    return help_words(found.name, found.language)


def _said(status: int, words: str, **headers: str) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers)

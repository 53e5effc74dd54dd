"""`PUT /uploads/{token}`: the file of an upload, streamed into the store by whoever holds the signed address."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from api.http.links import Purpose, opened, signed
from api.relay import global_id
from domain.actor import Actor
from domain.errors import DomainError, ErrorCode
from domain.files import rules
from domain.files.uploads import GOOD_FOR, Upload, receive, upload
from domain.infra.settings import settings

SILENCE: Final = 60
"""Seconds that may pass between two pieces of a file."""
_STATUS: Final = {ErrorCode.TOO_LARGE: 413, ErrorCode.CONFLICT: 409}


def upload_url(announced: Upload) -> str:
    """Where the file is to be sent."""
    return signed(Purpose.UPLOAD, announced.account_id, announced.id)


async def receive_upload(request: Request) -> JSONResponse:
    """Store the body. 200 with its size; 403 for a bad or old address, and 400, 408, 409, 413, 415, each in words."""
    announced = await _announced(request.path_params["token"])
    if announced is None:
        words = "This address is not valid, or not any more. Ask the API for a new upload (createUpload)."
        return _refused(403, "FORBIDDEN", words)
    sent_as = rules.media_type(request.headers.get("content-type", ""))
    if sent_as and sent_as != announced.content_type:
        return _refused(415, ErrorCode.INVALID, f"The upload was announced as {announced.content_type}.")
    declared = request.headers.get("content-length", "")
    try:
        if declared.isdigit():
            rules.declared_size(int(declared), settings().upload_limit)
        size = await receive(announced, _body(request))
    except DomainError as refusal:
        return _refused(_STATUS.get(refusal.code, 400), refusal.code, refusal.message)
    except TimeoutError:
        return _refused(408, ErrorCode.INVALID, f"Nothing came for {SILENCE} seconds, so the file was not kept.")
    except ClientDisconnect:
        return _refused(400, ErrorCode.INVALID, "The file was cut off, so it was not kept.")
    return JSONResponse({"id": global_id("Upload", announced.id), "size": size})


async def _announced(token: str) -> Upload | None:
    found = opened(Purpose.UPLOAD, token, GOOD_FOR)
    return found and await upload(_holder(found[0]), found[1])


def _holder(account_id: UUID) -> Actor:
    return Actor(account_id, "link:upload", frozenset())


async def _body(request: Request) -> AsyncIterator[bytes]:
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(SILENCE):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        if piece:
            yield piece


def _refused(status: int, code: str, words: str) -> JSONResponse:
    # The rest of the body is not waited for.
    return JSONResponse({"code": code, "message": words}, status, headers={"connection": "close"})

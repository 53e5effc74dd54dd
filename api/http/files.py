"""`GET /files/{token}` and `/results/{token}`: files made for a client, for whoever holds the signed link."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.bulk.links import result_of
from api.http.links import Purpose, opened, signed
from domain.actor import Actor
from domain.bulk.queries import operation
from domain.bulk.values import OperationStatus
from domain.files.stored import StoredFile, content, is_there, of_operations, stored_file

GOOD_FOR: Final = timedelta(days=1)


def file_url(file: StoredFile) -> str:
    """Where the file can be had for a day; each time it is asked for, the link is a new one."""
    return signed(Purpose.FILE, file.account_id, file.id)


async def download(request: Request) -> Response:
    """Stream the file; 404 for a link that is forged, cut or a day old, and for a file that is gone."""
    found = opened(Purpose.FILE, request.path_params["token"], GOOD_FOR)
    return await _sent(request, found and await stored_file(Actor(found[0], "link:file", frozenset()), found[1]))


async def result(request: Request) -> Response:
    """Stream what an operation wrote; 404 as `download`, and while it is not complete."""
    found = result_of(request.path_params["token"])
    actor = Actor(found[0], "link:result", frozenset()) if found else None
    ended = await operation(actor, found[1]) if found and actor else None
    if found is None or actor is None or ended is None or ended.status is not OperationStatus.COMPLETED:
        return await _sent(request, None)
    return await _sent(request, (await of_operations(actor, [found[1]])).get(found[1]))


async def _sent(request: Request, file: StoredFile | None) -> Response:
    if not file or not await is_there(file):
        return PlainTextResponse("This link is not valid, or not any more. Ask the API for a new one.\n", 404)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
        "content-length": str(file.size),
    }
    if request.method == "HEAD":
        return Response(None, headers=headers, media_type=file.content_type)
    return StreamingResponse(content(file), headers=headers, media_type=file.content_type)

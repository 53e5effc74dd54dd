"""`GET /people/{token}`: all that is held about one person, for whoever holds the signed link; made when fetched."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http.links import Purpose, opened, signed
from domain.actor import Actor
from domain.errors import DomainError
from domain.proof.person import person_data

GOOD_FOR: Final = timedelta(days=1)


def person_url(account_id: UUID, contact_id: UUID) -> tuple[str, datetime]:
    """Where the file can be had, and until when. Nothing is stored, so nothing outlives the person's erasure."""
    return signed(Purpose.PERSON, account_id, contact_id), datetime.now(UTC) + GOOD_FOR


async def person(request: Request) -> Response:
    """The file; 404 for a link that is forged, cut or a day old, and after the person was erased."""
    found = opened(Purpose.PERSON, request.path_params["token"], GOOD_FOR)
    try:
        data = await person_data(Actor(found[0], "link:person", frozenset()), found[1]) if found else None
    except DomainError:
        data = None
    if found is None or data is None:
        return PlainTextResponse("This link is not valid, or not any more. Ask the API for a new one.\n", 404)
    headers = {"content-disposition": f'attachment; filename="person-{found[1]}.json"'}
    body = orjson.dumps(data, option=orjson.OPT_INDENT_2)
    return Response(body, headers=headers, media_type="application/json")

"""`GET /proof/{token}`: the proof of one person's permissions, for an operator to read and to print."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.http.links import Purpose, opened, signed
from api.pages.brand import Brand
from api.pages.page import render
from api.pages.visit import available
from domain.actor import Actor
from domain.errors import DomainError
from domain.proof.held import held
from domain.proof.sends import rests_on

GOOD_FOR: Final = timedelta(days=1)


def proof_url(account_id: UUID, contact_id: UUID) -> tuple[str, datetime]:
    """Where the page is, and until when."""
    return signed(Purpose.PROOF, account_id, contact_id), datetime.now(UTC) + GOOD_FOR


@available
async def proof(request: Request) -> Response:
    """The page; the one for dead links when the link is forged, cut or a day old, or the person was erased."""
    found = opened(Purpose.PROOF, request.path_params["token"], GOOD_FOR)
    if found is None:
        return render(request, "dead_link.html", 404, expired=False)
    try:
        everything = await held(Actor(found[0], "link:proof", frozenset()), found[1])
    except DomainError:
        return render(request, "dead_link.html", 404, expired=False)
    names = everything.topic_names
    return render(
        request,
        "proof.html",
        brand=Brand.of(everything.account),
        held=everything,
        topics=names,
        made_at=_minute(datetime.now(UTC)),
        minute=_minute,
        rests_on=rests_on,
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

"""`/c/{token}`: a confirmation mail's link. GET and HEAD show a button, since scanners open links; POST confirms."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages.page import render
from api.pages.visit import behind, brand_of, visitor
from api.visitor import visit
from domain.confirmations.confirm import Confirmed, confirm
from domain.confirmations.look import look
from domain.recipients.tokens import Purpose, Token, issue


@behind(Purpose.CONFIRM)
async def confirm_page(request: Request, token: Token) -> Response:
    """The page, or what a press of its button comes to."""
    actor = visitor(token)
    outcome = None
    if request.method == "POST":
        outcome = await confirm(actor, token.subject_id, visit(request))
    found = await look(actor, token.subject_id)
    preferences = f"/p/{issue(Purpose.PREFERENCES, token.account_id, found.address_id)}"
    return render(
        request,
        "confirm.html",
        brand=await brand_of(actor),
        done=outcome is Confirmed.DONE,
        stale=outcome is Confirmed.STALE,
        asked=found,
        preferences=preferences,
    )

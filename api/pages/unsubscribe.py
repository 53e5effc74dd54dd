"""`/u/{token}`: leaving. GET and HEAD show a page and change nothing, since scanners open every link; POST leaves.

A mail program posts `List-Unsubscribe=One-Click` (RFC 8058); a person presses a button.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.pages.form import Fields, fields, first, one_click, posted, seen
from api.pages.page import HEADERS, render
from api.pages.visit import behind, brand_of, visitor
from domain.actor import Actor
from domain.errors import DomainError, not_found
from domain.recipients.leave_topic import switch_topic
from domain.recipients.standing import standing
from domain.recipients.tokens import Purpose, Token, issue
from domain.recipients.withdraw import can_take_back, take_back, withdraw
from domain.values import ConsentSource


@behind(Purpose.UNSUBSCRIBE)
async def unsubscribe(request: Request, token: Token) -> Response:
    """The page, or what a button of it or a mail program asks for."""
    actor = visitor(token)
    if request.method != "POST":
        return await _page(request, token, actor)
    body = await posted(request)
    if one_click(body):
        await withdraw(actor, token.subject_id, ConsentSource.ONE_CLICK)
        return PlainTextResponse("You are unsubscribed.\n", headers=HEADERS)
    return await _page(request, token, actor, await _press(token, actor, fields(body)))


async def _press(token: Token, actor: Actor, given: Fields) -> str:
    """Do what the pressed button says; answers what became of it."""
    match first(given, "action"):
        case "all":
            await withdraw(actor, token.subject_id, ConsentSource.UNSUBSCRIBE_LINK, first(given, "reason"))
            return "left"
        case "topic" if token.topic_id:
            left = await switch_topic(actor, token.subject_id, token.topic_id, subscribed=False)
            return "topic" if left else "unchanged"
        case "undo" if seen(given, token, Purpose.UNDO):
            return await _undo(token, actor)
    return "unchanged"


async def _undo(token: Token, actor: Actor) -> str:
    try:
        return "back" if await take_back(actor, token.subject_id) else "unchanged"
    except DomainError:
        return "late"


async def _page(request: Request, token: Token, actor: Actor, outcome: str = "") -> Response:
    found = await standing(actor, token.subject_id, token.topic_id)
    if found is None:
        raise not_found("address", "token")
    undo = found.out and await can_take_back(actor, token.subject_id)
    shown: dict[str, Any] = {
        "outcome": outcome,
        "standing": found,
        "undo": issue(Purpose.UNDO, token.account_id, token.subject_id) if undo else None,
        "preferences": f"/p/{issue(Purpose.PREFERENCES, token.account_id, token.subject_id)}",
    }
    return render(request, "unsubscribe.html", brand=await brand_of(actor), **shown)

"""`/p/{token}`: the preference centre. GET and HEAD show it; a POST with the page's own token saves."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages.form import Fields, fields, first, ids, posted, seen
from api.pages.page import render, spoken
from api.pages.visit import behind, brand_of, visitor
from domain.actor import Actor
from domain.confirmations.request import save_and_ask
from domain.recipients.preferences import Wishes, preferences
from domain.recipients.tokens import Purpose, Token, issue
from domain.values import Channel


@behind(Purpose.PREFERENCES)
async def preference_centre(request: Request, token: Token) -> Response:
    """The page, and what is saved on it."""
    actor = visitor(token)
    if request.method != "POST":
        return await _page(request, token, actor)
    given = fields(await posted(request))
    if not seen(given, token):
        return await _page(request, token, actor, "stale")
    waiting, mailed = await save_and_ask(actor, token.subject_id, _wishes(given), spoken(request))
    return await _page(request, token, actor, "waiting" if waiting else "saved", mailed=bool(mailed))


def _wishes(given: Fields) -> Wishes:
    """What differs from what the page showed, so that a page left open undoes nothing that came since."""
    if first(given, "action") == "nothing":
        return Wishes(off=frozenset(Channel))
    shown, ticked = _channels(given, "channel-was"), _channels(given, "channel")
    topics_shown, topics_ticked = ids(given, "topic-was"), ids(given, "topic")
    topics = dict.fromkeys(topics_ticked - topics_shown, True) | dict.fromkeys(topics_shown - topics_ticked, False)
    return Wishes(ticked - shown, shown - ticked, topics)


def _channels(given: Fields, name: str) -> set[Channel]:
    return {Channel(value) for value in given.get(name, []) if value in Channel.__members__}


async def _page(request: Request, token: Token, actor: Actor, outcome: str = "", *, mailed: bool = False) -> Response:
    shown: dict[str, Any] = {
        "outcome": outcome,
        "mailed": mailed,
        "preferences": await preferences(actor, token.subject_id),
        "form": issue(Purpose.FORM, token.account_id, token.subject_id),
    }
    status = 409 if outcome == "stale" else 200
    return render(request, "preferences.html", status, brand=await brand_of(actor), **shown)

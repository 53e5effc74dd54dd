"""`/forms/{token}` and `/s/{token}`: a sign-up form. A page of ours, and where a plain form of any page posts to.

The answer is the same for every address, and nothing needs a script.
"""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.brand import Brand
from api.pages.form import Fields, fields, first, ids, posted
from api.pages.page import HEADERS, render, spoken
from api.pages.visit import behind, brand_of
from api.visitor import visit
from domain.accounts.queries import topics
from domain.actor import Actor
from domain.errors import DomainError, Refusals
from domain.infra.settings import settings
from domain.recipients.tokens import Purpose, Token
from domain.recipients.words import translations
from domain.signups.forms import Form, form
from domain.signups.limits import TooManySignUps
from domain.signups.sign_up import PHONES, SignUp, is_url, sign_up
from domain.values import Channel


@behind(Purpose.SIGNUP)
async def sign_up_page(request: Request, token: Token) -> Response:
    """The form, or the thanks for what it sent."""
    actor = Actor(token.account_id, f"form:{token.subject_id}", frozenset())
    found = await form(actor, token.subject_id)
    brand = await brand_of(actor)
    if request.method != "POST":
        return await _page(request, actor, found, brand)
    given = fields(await posted(request))
    try:
        await sign_up(actor, _read(request, found, brand, given), visit(request))
    except TooManySignUps as refusal:
        wait = {"retry-after": str(refusal.wait)}
        return await _page(request, actor, found, brand, 429, given, wrong={"place"}, headers=wait)
    except (DomainError, Refusals) as refusal:
        errors = refusal.errors if isinstance(refusal, Refusals) else [refusal]
        wrong = {error.field[0] if error.field else "" for error in errors}
        return await _page(request, actor, found, brand, 422, given, wrong=wrong)
    # From a page of ours a form may lead nowhere else (its policy), so there a link does.
    if found.return_url and not first(given, "hosted"):
        return RedirectResponse(found.return_url, 303, HEADERS)
    return render(request, "signed_up.html", brand=brand, return_url=found.return_url)


def _read(request: Request, found: Form, brand: Brand, given: Fields) -> SignUp:
    phone = first(given, "phone") if any(channel in found.channels for channel in PHONES) else ""
    offered = [one for one in found.topics if one in ids(given, "topic")]
    return SignUp(
        form_url=found.page_url or _standing(request),
        wording=_wording(request, found, brand),
        email=first(given, "email"),
        phone=phone or None,
        first_name=first(given, "first_name") or None,
        last_name=first(given, "last_name") or None,
        channels=[channel for channel in found.channels if channel is Channel.EMAIL or phone],
        topics=offered,
        double_opt_in=found.double_opt_in,
        language=spoken(request),
        trap=first(given, "website") or None,
    )


def _standing(request: Request) -> str:
    """Where the form stands: as the browser says, else here."""
    referrer = request.headers.get("referer", "")
    here = f"{settings().base_url}{request.url.path}"
    return referrer if is_url(referrer) and urlsplit(referrer).hostname else here


def _wording(request: Request, found: Form, brand: Brand) -> str:
    gettext = translations(spoken(request)).gettext
    ours = gettext("Yes, I would like to hear from %(name)s by email. I can stop it at any time.")
    return found.wording or ours % {"name": brand.name}


async def _page(
    request: Request,
    actor: Actor,
    found: Form,
    brand: Brand,
    status: int = 200,
    given: Fields | None = None,
    *,
    wrong: set[str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    said = given or {}
    shown: dict[str, Any] = {
        "wording": _wording(request, found, brand),
        "phone": any(channel in found.channels for channel in PHONES),
        "topics": [topic for topic in await topics(actor) if topic.id in found.topics],
        "ticked": ids(said, "topic"),
        "wrong": wrong or set(),
        "wrong_else": bool((wrong or set()) - {"place", "email", "phone"}),
        "said": {name: first(said, name) for name in ("email", "phone", "first_name", "last_name")},
    }
    return render(request, "sign_up.html", status, brand=brand, headers=headers, **shown)

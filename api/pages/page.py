"""A page as it is sent: rendered in the recipient's language and the account's colours, under the strictest headers.

Nothing of it comes from elsewhere, nothing runs, nothing is kept, found by a search engine or told to the next site.
"""

import secrets
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.brand import Brand
from domain.recipients.words import LANGUAGES, language, translations

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"
HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "x-frame-options": "DENY",
    "vary": "Accept-Language",
}
# A form may only go where its page came from; what it carries is what its address already says.
_POLICY: Final = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def render(
    request: Request,
    template: str,
    status: int = 200,
    *,
    brand: Brand | None = None,
    headers: dict[str, str] | None = None,
    **words: Any,
) -> HTMLResponse:
    """The page of a template in `templates/`, with `words` for its names. Without a brand it names no company.

    The language is the link's (`?lang=`), else the browser's. Templates extend `page.html`, and say what is to be
    translated by `_()` or `{% trans %}`.
    """
    code, nonce = spoken(request), secrets.token_urlsafe(12)
    text = (
        _environment(code)
        .get_template(template)
        .render({"lang": code, "languages": LANGUAGES, "nonce": nonce, "brand": brand or Brand(), **words})
    )
    policy = {"content-security-policy": _POLICY.format(nonce=nonce), "content-language": code}
    return HTMLResponse(text, status, HEADERS | policy | (headers or {}))


def spoken(request: Request) -> str:
    """The language of the page that this request gets."""
    return language(request.query_params.get("lang"), request.headers.get("accept-language"))


@lru_cache
def _environment(code: str) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - heavy, and none was asked for

    environment = Environment(
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(code), newstyle=True)  # type: ignore[attr-defined]
    return environment

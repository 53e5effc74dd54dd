"""`/dev/mailbox`: the mails that the folder took in place of a mail server. On a developer's machine alone."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.http.ide import is_local
from api.pages.page import render
from domain.infra.settings import settings
from domain.mail.folder import Folder
from domain.mail.transport import transport

PAGE: Final = 100


def dev_routes() -> list[BaseRoute]:
    """The pages, where ASSENT_DEV is set and no mail server is."""
    if not settings().dev or settings().smtp_url is not None:
        return []
    return [Route("/dev/mailbox", mailbox), Route("/dev/mailbox/{name}", one_mail)]


async def mailbox(request: Request) -> Response:
    """The newest mails, first of all the last, or those before one: every mail is on some page."""
    folder = _folder(request)
    if folder is None:
        return _nothing()
    names = folder.names(PAGE + 1, request.query_params.get("before", ""))
    mails = [(name, _parsed(folder.read(name) or b"")) for name in names[:PAGE]]
    return render(request, "mailbox.html", mails=mails, older=names[PAGE - 1] if len(names) > PAGE else None)


async def one_mail(request: Request) -> Response:
    """A mail: its headers, its text, and its HTML in a frame that may do nothing but follow links."""
    folder = _folder(request)
    raw = folder.read(request.path_params["name"]) if folder else None
    if raw is None:
        return _nothing()
    mail = _parsed(raw)
    parts = {kind: _part(mail, kind) for kind in ("plain", "html")}
    # A frame inherits the page's policy, and mails carry their styles with them.
    return _with_styles(render(request, "mail.html", mail=mail, text=parts["plain"], html=parts["html"]))


def _with_styles(page: Response) -> Response:
    policy = page.headers["content-security-policy"]
    start = policy.index("style-src ")
    end = policy.index(";", start)
    page.headers["content-security-policy"] = f"{policy[:start]}style-src 'unsafe-inline'{policy[end:]}"
    return page


def _folder(request: Request) -> Folder | None:
    found = transport()
    return found if is_local(request) and isinstance(found, Folder) else None


def _parsed(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return "" if found is None else str(found.get_content())


def _nothing() -> Response:
    return PlainTextResponse("There is no such mail here.\n", 404)

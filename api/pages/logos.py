"""`GET /logos/{account}/{name}`: an account's logo, from our own store, so that no page calls on anyone else."""

import re
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.accounts.logo import KINDS, logo
from domain.errors import DomainError
from domain.infra.settings import settings

_NAME: Final = re.compile(r"([0-9a-f]{64})\.([a-z]+)")


def logo_path(account_id: UUID, name: str) -> str:
    """Where the image is served."""
    return f"/logos/{account_id.hex}/{name}"


def logo_url(account_id: UUID, name: str) -> str:
    """The same, absolute."""
    return settings().base_url + logo_path(account_id, name)


async def serve_logo(request: Request) -> Response:
    """The image, named by its content and so kept for a year; 404 when there is none."""
    name = _NAME.fullmatch(request.path_params["name"])
    content = await _content(request.path_params["account"], name[0]) if name and name[2] in KINDS else None
    if name is None or content is None:
        return PlainTextResponse("There is no such image.\n", 404)
    headers = {
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(content, headers=headers, media_type=KINDS[name[2]])


async def _content(account: str, name: str) -> bytes | None:
    try:
        return await logo(UUID(account), name)
    except (ValueError, DomainError):
        return None

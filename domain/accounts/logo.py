"""An account's logo: an image of known kind and size, kept in the object store under its own hash."""

import re
from base64 import b64decode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra import storage

FOLDER: Final = "logos"
MAX_BYTES: Final = 128 * 1024
KINDS: Final = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
"""Media types by the ending of the name. No SVG: it can hold scripts and fetch things."""
_STARTS: Final = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "webp": b"RIFF"}
_DATA = re.compile(r"data:image/(png|jpeg|webp|gif);base64,([A-Za-z0-9+/]+={0,2})")


def parsed(text: str) -> tuple[str, bytes]:
    """The name and the content of an image in a data URL (RFC 2397). Raises DomainError: INVALID, TOO_LARGE."""
    if len(text) > MAX_BYTES * 4 // 3 + 100:
        raise DomainError(ErrorCode.TOO_LARGE, f"A logo has at most {MAX_BYTES // 1024} KiB.", "logo")
    found = _DATA.fullmatch(text.strip())
    if not found:
        raise invalid("A logo is a data URL: data:image/png;base64,… (or jpeg, webp, gif).", "logo")
    kind, content = found[1], _decoded(found[2])
    if not content.startswith(_STARTS[kind]) or (kind == "webp" and content[8:12] != b"WEBP"):
        raise invalid(f"This is no {kind} image.", "logo")
    return f"{sha256(content).hexdigest()}.{kind}", content


async def keep(account_id: UUID, name: str, content: bytes) -> None:
    """Store an image. Those from before stay: pages that are open show them."""

    async def whole() -> AsyncIterator[bytes]:
        yield content

    await storage.put(_key(account_id, name), whole())


async def logo(account_id: UUID, name: str) -> bytes:
    """The content of an image. Raises DomainError NOT_FOUND."""
    try:
        return b"".join([piece async for piece in storage.get(_key(account_id, name))])
    except FileNotFoundError:
        raise not_found("image") from None


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise invalid("The logo's base64 is not valid.", "logo") from None


def _key(account_id: UUID, name: str) -> str:
    return f"{FOLDER}/{account_id.hex}/{name}"

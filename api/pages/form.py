"""What a page's form sends: read whole, bounded, and never a reason to fail."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs
from uuid import UUID

from starlette.requests import Request

from domain.errors import DomainError
from domain.recipients.tokens import Purpose, Token, read

LIMIT: Final = 64 * 1024
Fields = Mapping[str, Sequence[str]]
_PART: Final = re.compile(
    rb'name="?list-unsubscribe"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n\s*one-click\s*(?:\r?\n--|$)', re.IGNORECASE
)


async def posted(request: Request) -> bytes:
    """The body, or as much of it as a form of ours can have."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LIMIT:
            break
    return bytes(body[:LIMIT])


def fields(body: bytes) -> Fields:
    """The fields of an urlencoded body, by name; those that are blank are left out."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=500)
    except ValueError:
        return {}


def one_click(body: bytes) -> bool:
    """Whether it is the body of RFC 8058, urlencoded or multipart, whatever its media type is said to be."""
    named = {name.strip().lower(): values for name, values in fields(body).items()}
    values = named.get("list-unsubscribe", [])
    return any(value.strip().lower() == "one-click" for value in values) or _PART.search(body) is not None


def first(given: Fields, name: str) -> str:
    """A field's value, or nothing."""
    return given.get(name, [""])[0]


def seen(given: Fields, token: Token, purpose: Purpose = Purpose.FORM) -> bool:
    """Whether the form came from a page that was shown for this very link, not too long ago."""
    try:
        found = read(purpose, first(given, "form"))
    except DomainError:
        return False
    return (found.account_id, found.subject_id) == (token.account_id, token.subject_id)


def ids(given: Fields, name: str) -> set[UUID]:
    """The ids among a field's values."""
    found = set()
    for value in given.get(name, []):
        try:
            found.add(UUID(value))
        except ValueError:
            continue
    return found

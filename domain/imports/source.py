"""Where a list comes from: an upload, or a text inside the request."""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final, TypeAlias
from uuid import UUID

from domain.actor import Actor
from domain.errors import DomainError, ErrorCode, invalid
from domain.files.rules import readable
from domain.files.uploads import received
from domain.infra import storage

MAX_INLINE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that was uploaded."""

    upload_id: UUID


@dataclass(frozen=True, slots=True)
class Inline:
    """A list inside the request, for trying things out: at most 256 KiB."""

    text: str


Source: TypeAlias = Uploaded | Inline


async def opened(actor: Actor, source: Source) -> BinaryIO:
    """The list as a seekable binary file, to be read in a thread.

    Raises DomainError: NOT_FOUND, REQUIRED (nothing was sent to the upload), TOO_LARGE, INVALID (empty).
    """
    if isinstance(source, Inline):
        return BytesIO(check_inline(source.text).encode("utf-8", "replace"))
    found = await received(actor, source.upload_id, "source", "upload")
    assert found.object is not None
    return storage.reader(found.object)


def check_inline(text: str) -> str:
    """The text of a list inside a request. Raises DomainError: TOO_LARGE, INVALID when it is empty."""
    """The list inside a request, as it is. Raises DomainError: TOO_LARGE over 256 KiB, INVALID when it is blank."""
    if len(text.encode("utf-8", "replace")) > MAX_INLINE:
        words = f"A list inside a request may have {readable(MAX_INLINE)}: upload a larger one."
        raise DomainError(ErrorCode.TOO_LARGE, words, "source", "csv")
    if not text.strip():
        raise invalid("The list is empty.", "source", "csv")
    return text

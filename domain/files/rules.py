"""What a file may be called, be and weigh. Pure."""

import re
import unicodedata
from typing import Final

from domain.errors import DomainError, ErrorCode, invalid

MAX_FILENAME: Final = 200
CSV, TSV, PLAIN, GZIP = "text/csv", "text/tab-separated-values", "text/plain", "application/gzip"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What browsers say of the same files: on Windows with a spreadsheet installed, a CSV is "Excel".
_ALIASES: Final = {
    "application/csv": CSV,
    "application/x-gzip": GZIP,
    "application/vnd.ms-excel": CSV,
}
CONTENT_TYPES: Final = (CSV, TSV, PLAIN, GZIP, XLSX)
_HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def filename(given: str, *field: str) -> str:
    """The last part of a path, without what cannot be seen; for people to read, never a place in the store.

    Raises DomainError: INVALID when nothing is left, TOO_LARGE over 200 characters.
    """
    if len(given) > 4 * MAX_FILENAME:
        raise _too_long(*field)
    name = unicodedata.normalize("NFC", _HIDDEN.sub("", re.split(r"[/\\]", given)[-1])).strip()
    if name.strip(".") == "":
        raise invalid("A file needs a name.", *field)
    if len(name) > MAX_FILENAME:
        raise _too_long(*field)
    return name


def content_type(given: str, *field: str) -> str:
    """The media type, parameters dropped, as we call it. Raises DomainError INVALID for one that is no list's."""
    kind = media_type(given)
    if kind not in CONTENT_TYPES:
        raise invalid(f"Lists come as one of: {', '.join(CONTENT_TYPES)}.", *field)
    return kind


def media_type(given: str) -> str:
    """A media type without its parameters, in lower case, under the one name we use for it."""
    kind = given.partition(";")[0].strip().lower()
    return _ALIASES.get(kind, kind)


def declared_size(given: int | None, limit: int, *field: str) -> int | None:
    """The size in bytes that was announced. Raises DomainError: INVALID for none at all, TOO_LARGE over the limit."""
    if given is not None and given <= 0:
        raise invalid("The file is empty.", *field)
    if given is not None and given > limit:
        raise too_large(limit, *field)
    return given


def too_large(limit: int, *field: str) -> DomainError:
    """A file over the limit of the server."""
    return DomainError(
        ErrorCode.TOO_LARGE, f"A file may have {readable(limit)}. Split the list, or compress it (gzip).", *field
    )


def readable(size: int) -> str:
    """A size in bytes as people write it: `256 KiB`, `1 GiB`, `1.5 GiB`."""
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def _too_long(*field: str) -> DomainError:
    return DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_FILENAME} characters.", *field)

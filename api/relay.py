"""Relay: opaque ids, the Node interface, cursors and pages by key."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

import orjson
import strawberry

from domain.errors import DomainError, invalid, not_found

DEFAULT_PAGE: Final = 50
MOST_A_PAGE: Final = 250


@strawberry.interface(description="Anything that can be fetched again by its id (Relay).")
class Node:
    """Has a global id."""

    id: strawberry.ID = strawberry.field(description="Opaque, stable, unique among all types.")


def global_id(kind: str, key: UUID | int) -> strawberry.ID:
    """The id that clients see: base64url of `Kind:key`, so that it says nothing and fits anywhere."""
    return strawberry.ID(_encoded(f"{kind}:{key}".encode()))


def read_id(value: str) -> tuple[str, str] | None:
    """The kind and key of a global id, or None when it is none of ours."""
    kind, colon, key = _decoded(value).partition(b":")
    return (kind.decode(), key.decode()) if colon and (kind + key).isascii() else None


def uuid_of(kind: str, value: str) -> UUID | None:
    """The UUID in a global id of one kind, or None when it is malformed or of another kind."""
    found = read_id(value)
    if found is None or found[0] != kind:
        return None
    try:
        key = UUID(found[1])
    except ValueError:
        return None
    return key if str(key) == found[1] else None


def required(kind: str, value: str, *field: str) -> UUID:
    """The UUID in a global id of one kind. Raises DomainError NOT_FOUND, as for a foreign one."""
    key = uuid_of(kind, value)
    if key is None:
        raise not_found(_WORDS.get(kind, "object"), *field)
    return key


def required_all(kind: str, values: Sequence[str], *field: str) -> list[UUID]:
    """As `required`, for a list; the refusal names the first that is wrong by its index."""
    return [required(kind, value, *field, str(index)) for index, value in enumerate(values)]


def cursor(*key: Any) -> str:
    """An opaque cursor that holds the sort key of a row."""
    return _encoded(orjson.dumps(key))


def read_cursor(value: str, *kinds: type, field: str = "after") -> tuple[Any, ...]:
    """The sort key in a cursor, of these types. Raises DomainError INVALID when it is none of this list's."""
    try:
        key = orjson.loads(_decoded(value))
    except orjson.JSONDecodeError:
        key = None
    if not isinstance(key, list) or len(key) != len(kinds):
        raise invalid("This is no cursor of this list.", field)
    if not all(type(part) is kind for part, kind in zip(key, kinds, strict=True)):
        raise invalid("This is no cursor of this list.", field)
    return tuple(key)


def page_size(size: int | None, field: str = "first") -> int:
    """How many rows a page has: 50 unless said otherwise, 250 at most. Raises DomainError INVALID."""
    if size is None:
        return DEFAULT_PAGE
    if not 0 <= size <= MOST_A_PAGE:
        raise invalid(f"A page has 0 to {MOST_A_PAGE} rows.", field)
    return size


@strawberry.type(description="Where a page stands in its list (Relay).")
class PageInfo:
    """Whether there is more, and the cursors to go on from."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(
        default=None, description="The first row's cursor: pass it as `before`."
    )
    end_cursor: str | None = strawberry.field(default=None, description="The last row's cursor: pass it as `after`.")


First: TypeAlias = Annotated[
    int | None, strawberry.argument(name="first", description="How many rows: 50 when left out, 250 at most.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(name="after", description="Go on after this cursor (a page's `endCursor`).")
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(name="last", description="How many rows, from the end: 250 at most.")
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(name="before", description="Go back from this cursor (a page's `startCursor`).")
]

_WORDS: Final = {
    "Contact": "contact",
    "ContactPoint": "contact point",
    "Topic": "topic",
    "Group": "group",
    "BulkOperation": "bulk operation",
    "ConsentEvent": "ledger entry",
    "Account": "account",
    "Upload": "upload",
    "Webhook": "webhook",
    "Journey": "journey",
    "MissedMessage": "missed message",
    "WebhookDelivery": "delivery",
    "InboundHook": "hook",
    "ApiKey": "key",
}


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    """The bytes behind a base64url text, empty when it is none."""
    try:
        raw = value.rstrip("=").encode("ascii")
        return b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""


__all__ = ["After", "Before", "DomainError", "First", "Last", "Node", "PageInfo"]

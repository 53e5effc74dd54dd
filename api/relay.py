"""Relay: opaque ids, the Node interface, cursors and pages by key."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

import orjson
import strawberry

from domain.errors import DomainError, not_found
from domain.window import Window, no_place

Place = TypeVar("Place")


@strawberry.interface(description="Anything that can be fetched again by its id (Relay).")
class Node:
    """Has a global id."""

    id: strawberry.ID = strawberry.field(description="Opaque, stable, unique among all types.")


def global_id(kind: str, key: UUID | int) -> strawberry.ID:
    """The id that clients see: base64url of `Kind:key`, so that it says nothing and fits anywhere."""
    return strawberry.ID(_encoded(f"{kind}:{key}".encode()))


def pair_id(kind: str, one: UUID, other: UUID) -> strawberry.ID:
    """The id that clients see of what is named by two keys."""
    return strawberry.ID(_encoded(f"{kind}:{one}.{other}".encode()))


def read_id(value: str) -> tuple[str, str] | None:
    """The kind and key of a global id, or None when it is none of ours."""
    kind, colon, key = _decoded(value).partition(b":")
    return (kind.decode(), key.decode()) if colon and (kind + key).isascii() else None


def uuid_of(kind: str, value: str) -> UUID | None:
    """The UUID in a global id of one kind, or None when it is malformed or of another kind."""
    found = read_id(value)
    return _uuid(found[1]) if found is not None and found[0] == kind else None


def pair_of(kind: str, value: str) -> tuple[UUID, UUID] | None:
    """The two UUIDs in a global id of one kind, or None when it is malformed or of another kind."""
    found = read_id(value)
    if found is None or found[0] != kind:
        return None
    one, _, other = found[1].partition(".")
    first, second = _uuid(one), _uuid(other)
    return (first, second) if first and second else None


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
        raise no_place(field)
    if not all(type(part) is kind for part, kind in zip(key, kinds, strict=True)):
        raise no_place(field)
    return tuple(key)


def id_place(text: str, field: str) -> UUID:
    """The id in a cursor of a list that goes by ids. Raises DomainError INVALID."""
    try:
        return UUID(*read_cursor(text, str, field=field))
    except ValueError:
        raise no_place(field) from None


def window(
    first: int | None, after: str | None, last: int | None, before: str | None, place: Callable[[str, str], Place]
) -> Window[Place]:
    """The part of a list that is asked for; `place` reads a cursor, and is told which argument it is.

    Raises DomainError INVALID (field `first`, `last`, `after` or `before`).
    """
    asked = Window(first, after, last, before).mapped(place)
    asked.size()
    return asked


@strawberry.type(description="Where a page stands in its list (Relay).")
class PageInfo:
    """Whether there is more, and the cursors to go on from."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(
        default=None, description="The first row's cursor: pass it as `before`."
    )
    end_cursor: str | None = strawberry.field(default=None, description="The last row's cursor: pass it as `after`.")


class Paged(Protocol):
    """A page, whatever is in it."""

    @property
    def has_next(self) -> bool:
        """Whether there is more after it."""

    @property
    def has_previous(self) -> bool:
        """Whether there is more before it."""


def page_info(page: Paged, cursors: Sequence[str]) -> PageInfo:
    """Where a page stands, by the cursors of its rows."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )


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


def _uuid(text: str) -> UUID | None:
    """The UUID that is written just so."""
    try:
        key = UUID(text)
    except ValueError:
        return None
    return key if str(key) == text else None


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

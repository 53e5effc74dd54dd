"""Which contacts a bulk change is for: said once, checked, and kept as JSON until the work starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.contacts.filter import ContactFilter

MOST_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Exactly one of these. `everyone` must be true: an empty filter never means everyone."""

    ids: Sequence[UUID] | None = None
    group: UUID | None = None
    tag: str | None = None
    imported_by: UUID | None = None
    filter: ContactFilter | None = None
    everyone: bool | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` selects one column, `id` (contact ids, each once, in no order); `$1` in it is the account."""

    text: str
    parameters: list[Any]


async def check(actor: Actor, selection: Selection) -> None:
    """Raise DomainError (field below `selection`) unless the selection can be worked on.

    INVALID: not exactly one way of choosing, an empty list of ids, `everyone: false`, a filter that is empty or
    always true, or names an empty list. TOO_LARGE: more than 10,000 ids. NOT_FOUND: an id, group, topic or import
    that the account does not have.
    """
    raise NotImplementedError


def statement(actor: Actor, selection: Selection) -> Statement:
    """The selection as SQL, to be run as it is or inside a larger statement."""
    raise NotImplementedError


async def count(actor: Actor, selection: Selection) -> int:
    """How many contacts are selected now, exactly."""
    raise NotImplementedError


def to_json(selection: Selection) -> dict[str, Any]:
    """The selection as plain JSON values."""
    raise NotImplementedError


def from_json(kept: dict[str, Any]) -> Selection:
    """The selection that `to_json` made this from."""
    raise NotImplementedError

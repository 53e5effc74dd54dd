"""Change one contact's details."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.consent.evidence import Evidence
from domain.contacts.unset import UNSET, Unset
from domain.ledger.receipt import Receipt
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class PointChange:
    """Sets a slot; None takes the address off it."""

    channel: Channel
    value: str | None
    slot: int = 1


@dataclass(frozen=True, slots=True)
class ContactChanges:
    """What to change. UNSET stays; None clears. Slots not named stay; `tags` and `attributes` are replaced whole."""

    external_id: str | Unset | None = UNSET
    first_name: str | Unset | None = UNSET
    last_name: str | Unset | None = UNSET
    contact_type: str | Unset | None = UNSET
    points: Sequence[PointChange] | Unset | None = UNSET
    tags: Sequence[str] | Unset | None = UNSET
    attributes: dict[str, Any] | Unset | None = UNSET


async def update_contact(
    actor: Actor,
    contact_id: UUID,
    changes: ContactChanges,
    version: int | None = None,
    rectification: Evidence | None = None,
) -> Receipt:
    """Change details; the version and `updated_at` move, and entries are made, only when something differs.

    Raises DomainError: NOT_FOUND, CONFLICT when the contact is no longer at `version`, LOCKED under STRICT for a
    contact whose primary email is OPTED_OUT unless `rectification` says who asked for the correction and how;
    Refusals as `create_contact` does.
    """
    raise NotImplementedError

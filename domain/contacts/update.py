"""Change one contact's details."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.consent.evidence import Evidence
from domain.contacts import rules
from domain.contacts.details import Details, load_details, read_details, settled
from domain.contacts.gathered import Gathered
from domain.contacts.given import read_account, read_points, refuse_taken_id, taken
from domain.contacts.rows import primary
from domain.contacts.slots import SlotPlan, move_slots, plan_slots
from domain.contacts.unset import UNSET, Unset
from domain.errors import DomainError, ErrorCode
from domain.infra.db import Connection, tx
from domain.ledger.append import Entry, Origin, append
from domain.ledger.receipt import Receipt
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, OptOutPolicy

# The contact alone; its addresses are locked together with the new ones, in one order.
_LOCK = "SELECT lock_contacts($1, ARRAY[$2::uuid], '{}', false)"
_WRITE = """
WITH dropped AS (
  DELETE FROM contact_tag WHERE account_id = $1 AND contact_id = $2 AND tag <> ALL ($13::text[]) RETURNING tag
), overtaken AS (
  -- That these are missing rests on this change from now on, on no bulk operation that took them off before.
  DELETE FROM contact_tag_removed r USING dropped d WHERE r.account_id = $1 AND r.contact_id = $2 AND r.tag = d.tag
), tagged AS (
  INSERT INTO contact_tag (account_id, contact_id, tag) SELECT $1, $2, unnest($13::text[]) ON CONFLICT DO NOTHING
)
UPDATE contact SET external_id = $3, first_name = $4, last_name = $5, contact_type = $6, attributes = $7::jsonb,
       version = version + 1, updated_at = $8, name = $9, email = $10, phone = $11, search = $12
 WHERE account_id = $1 AND id = $2
"""
_EVIDENCE = """
INSERT INTO evidence (account_id, id, method, statement, obtained_at, url) VALUES ($1, $2, $3, $4, $5, $6)
"""


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
    *,
    source: ConsentSource = ConsentSource.OPERATOR,
) -> Receipt:
    """Change details; the version and `updated_at` move, and entries are made, only when something differs.

    Raises DomainError: NOT_FOUND, CONFLICT when the contact is no longer at `version`, LOCKED under STRICT for a
    contact whose primary email is OPTED_OUT unless `rectification` says who asked for the correction and how;
    Refusals as `create_contact` does.
    """
    origin = Origin(actor.account_id, actor.name, source, datetime.now(UTC))
    if rectification is not None:
        _check(rectification, origin.now)
    try:
        async with tx() as connection:
            policy = OptOutPolicy(await connection.fetchval(_LOCK, actor.account_id, contact_id))
            before, stands_at = await load_details(connection, actor.account_id, contact_id)
            if version not in (None, stands_at):
                raise DomainError(ErrorCode.CONFLICT, "The contact has changed since; look at it again.", "version")
            may_lock = policy is OptOutPolicy.STRICT and rectification is None
            after, plan = await _plan(connection, origin, contact_id, before, changes, may_lock=may_lock)
            entries = _entries(contact_id, before, after, plan)
            if entries and rectification is not None:
                origin = replace(origin, evidence_id=await _keep(connection, actor.account_id, rectification))
            if entries:
                await _write(connection, origin, contact_id, after, plan)
            return Receipt(contact_id, await append(connection, origin, entries))
    except asyncpg.UniqueViolationError as error:
        raise taken(error) from None


async def _plan(
    connection: Connection,
    origin: Origin,
    contact_id: UUID,
    before: Details,
    changes: ContactChanges,
    *,
    may_lock: bool,
) -> tuple[Details, SlotPlan]:
    """What the details and slots are to be, with every address locked. Raises DomainError LOCKED, Refusals."""
    account_id = origin.account_id
    account = await read_account(connection, account_id)
    gathered = Gathered()
    given = {field.name: getattr(changes, field.name) for field in fields(changes)}
    points = given.pop("points")
    named = {name: value for name, value in given.items() if value is not UNSET}
    after = read_details(gathered, account.contact_types, before, named)
    slots = read_points(gathered, account, () if points is UNSET or points is None else points)
    plan = await plan_slots(gathered, connection, account_id, contact_id, slots)
    email = primary(plan.before, Channel.EMAIL)
    if may_lock and email is not None and email.consent is ConsentStatus.OPTED_OUT:
        message = "The person opted out, and the account's policy locks their details; say who asked for a correction."
        raise DomainError(ErrorCode.LOCKED, message, "contactId")
    await refuse_taken_id(gathered, connection, account_id, after.external_id, contact_id)
    gathered.settle()
    return await settled(connection, before, after), plan


def _entries(contact_id: UUID, before: Details, after: Details, plan: SlotPlan) -> list[Entry]:
    addresses = plan.entries(contact_id)
    moved = bool(plan.leaving or plan.coming) and not addresses
    updated = before != after or plan.rewritten or moved
    return [*([Entry(ConsentAction.CONTACT_UPDATED, contact_id)] if updated else []), *addresses]


async def _write(connection: Connection, origin: Origin, contact_id: UUID, after: Details, plan: SlotPlan) -> None:
    await move_slots(connection, origin.account_id, contact_id, plan)
    points = [(placed.channel, placed.slot, placed.value) for placed in plan.after.values()]
    derived = rules.derive(after.first_name, after.last_name, after.external_id, points)
    await connection.execute(
        _WRITE,
        origin.account_id,
        contact_id,
        after.external_id,
        after.first_name,
        after.last_name,
        after.contact_type,
        after.attributes,
        origin.now,
        derived.name,
        derived.email,
        derived.phone,
        derived.search,
        list(after.tags),
    )


async def _keep(connection: Connection, account_id: UUID, evidence: Evidence) -> UUID:
    evidence_id = uuid7()
    statement = evidence.statement.strip()
    kept = (evidence.method, statement, evidence.obtained_at, evidence.url)
    await connection.execute(_EVIDENCE, account_id, evidence_id, *kept)
    return evidence_id


def _check(rectification: Evidence, now: datetime) -> None:
    try:
        rectification.check(now)
    except DomainError as error:
        error.field = ("rectification", *error.field[1:])
        raise

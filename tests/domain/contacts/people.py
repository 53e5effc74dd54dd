"""An account with people in it, made by the verbs themselves."""

from typing import Any
from uuid import UUID

from domain.accounts.create import create_account
from domain.accounts.queries import topics
from domain.actor import Actor, Scope
from domain.consent.evidence import Evidence
from domain.consent.opt_in import opt_in
from domain.contacts.counts import differences
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.queries import by_ids, points
from domain.contacts.rows import ContactRow, PointRow
from domain.errors import DomainError, Refusals
from domain.infra.db import pool
from domain.ledger.events import by_positions, history
from domain.values import Channel, ConsentAction, EvidenceMethod, OptOutPolicy

EMAIL, SMS, CALL, POST = Channel
WRITTEN = Evidence(EvidenceMethod.WRITTEN_REQUEST, "Wrote to us on paper and asked for it.")


async def account(name: str = "Acme", policy: OptOutPolicy = OptOutPolicy.WITH_EVIDENCE, country: str = "US") -> Actor:
    """A new account and a key of it that may do everything."""
    made, _ = await create_account(name, default_country=country)
    await pool().execute("UPDATE account SET opt_out_policy = $2 WHERE account_id = $1", made.id, policy)
    return Actor(made.id, "key:test", frozenset({Scope.ADMIN}))


async def person(actor: Actor, email: str | None = None, phone: str | None = None, **details: Any) -> UUID:
    """A contact with at most an email and a mobile number."""
    given = [NewPoint(EMAIL, email)] if email else []
    given += [NewPoint(SMS, phone)] if phone else []
    return (await create_contact(actor, NewContact(points=given, **details))).contact_id


async def opted_in(actor: Actor, email: str, **details: Any) -> UUID:
    """A contact that an operator has opted in by email."""
    contact_id = await person(actor, email, **details)
    await opt_in(actor, contact_id, evidence=WRITTEN)
    return contact_id


async def row(actor: Actor, contact_id: UUID) -> ContactRow:
    """The contact as reading shows it."""
    return (await by_ids(actor, [contact_id]))[contact_id]


async def points_of(actor: Actor, contact_id: UUID) -> list[PointRow]:
    """The contact's points as reading shows them."""
    return (await points(actor, [contact_id]))[contact_id]


async def topic_ids(actor: Actor) -> list[UUID]:
    """The account's topics, oldest first."""
    return [topic.id for topic in await topics(actor)]


async def actions(actor: Actor, positions: list[int]) -> list[ConsentAction]:
    """What the entries at these positions record."""
    return [event.action for event in await by_positions(actor, positions)]


async def history_of(actor: Actor, contact_id: UUID) -> list[ConsentAction]:
    """What the ledger records of a contact, oldest first."""
    return [event.action for event in await history(actor, contact_id, 1_000)][::-1]


_STRAYS = """
SELECT count(*) FROM contact_point p
 WHERE p.account_id = $1 AND (
   NOT EXISTS (SELECT FROM contact c WHERE c.account_id = $1 AND c.id = p.contact_id)
   OR NOT EXISTS (SELECT FROM contact_state s WHERE s.account_id = $1 AND s.contact_id = p.contact_id)
   OR NOT EXISTS (SELECT FROM address a WHERE a.account_id = $1 AND a.id = p.address_id))
"""
_STATES = """
SELECT (SELECT array_agg(id ORDER BY id) FROM contact WHERE account_id = $1)
       IS NOT DISTINCT FROM (SELECT array_agg(contact_id ORDER BY contact_id) FROM contact_state WHERE account_id = $1)
"""


async def counts_are_exact(actor: Actor) -> None:
    """Fail unless the maintained counts are what counting gives, and every row has what it belongs to (ADR 6)."""
    assert await differences(actor.account_id) == []
    assert await pool().fetchval(_STRAYS, actor.account_id) == 0
    assert await pool().fetchval(_STATES, actor.account_id)


def refused(error: BaseException) -> list[tuple[str, str]]:
    """What was refused: code and field, joined by dots."""
    errors = error.errors if isinstance(error, Refusals) else [error]
    return [(one.code.value, ".".join(one.field)) for one in errors if isinstance(one, DomainError)]

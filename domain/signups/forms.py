"""Sign-up forms: what each asks for, in which words. Every account has one without setting anything up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.accounts.rules import line
from domain.actor import Actor
from domain.consent.evidence import MAX_STATEMENT, MIN_STATEMENT
from domain.contacts.gathered import Gathered
from domain.contacts.rules import storable
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import pool
from domain.signups.sign_up import MOST_TOPICS, is_url
from domain.values import Channel

MOST_FORMS: Final = 200
_TOPICS: Final = """
ARRAY(SELECT t.id FROM topic t WHERE t.account_id = $1 AND (f.topics = '{}' OR t.id = ANY (f.topics)) ORDER BY t.id)
"""
_COLUMNS: Final = f"f.id, f.name, f.wording, f.page_url, f.return_url, f.channels, {_TOPICS} AS topics, f.double_opt_in"
_LIST: Final = f"SELECT {_COLUMNS} FROM signup_form f WHERE f.account_id = $1 ORDER BY f.id"
_ONE: Final = f"SELECT {_COLUMNS} FROM signup_form f WHERE f.account_id = $1 AND f.id = $2"
_ALL_TOPICS: Final = "SELECT id FROM topic WHERE account_id = $1 ORDER BY id"
_MAKE: Final = """
INSERT INTO signup_form (account_id, id, name, wording, page_url, return_url, channels, topics, double_opt_in,
                         created_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
 WHERE (SELECT count(*) FROM signup_form WHERE account_id = $1) < $11
RETURNING id
"""
_DELETE: Final = "DELETE FROM signup_form WHERE account_id = $1 AND id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class Form:
    """A form. Without wording: our own, in the visitor's language. `topics`: those it offers."""

    id: UUID
    name: str
    wording: str | None = None
    page_url: str | None = None
    return_url: str | None = None
    channels: Sequence[Channel] = (Channel.EMAIL,)
    topics: Sequence[UUID] = ()
    double_opt_in: bool = True


async def forms(actor: Actor) -> list[Form]:
    """The account's own forms, oldest first."""
    return [_form(row) for row in await pool().fetch(_LIST, actor.account_id)]


async def form(actor: Actor, form_id: UUID) -> Form:
    """A form by id; the account's id stands for the one it always has. Raises DomainError NOT_FOUND (`token`)."""
    if form_id == actor.account_id:
        topics = [row["id"] for row in await pool().fetch(_ALL_TOPICS, actor.account_id)]
        return Form(form_id, "", topics=topics)
    row = await pool().fetchrow(_ONE, actor.account_id, form_id)
    if row is None:
        raise not_found("form", "token")
    return _form(row)


async def create_form(actor: Actor, new: Form) -> Form:
    """Add a form. Raises Refusals: REQUIRED, INVALID, TOO_LARGE, NOT_FOUND for a topic."""
    known = {row["id"] for row in await pool().fetch(_ALL_TOPICS, actor.account_id)}
    gathered = Gathered()
    name = gathered.take(lambda: line(new.name, 200, "name"))
    for refused in _refusals(new, known):
        gathered.refuse(refused)
    gathered.settle()
    made = await pool().fetchval(
        _MAKE,
        actor.account_id,
        uuid7(),
        name,
        (new.wording or "").strip(),
        new.page_url,
        new.return_url,
        list(dict.fromkeys(new.channels)),
        list(dict.fromkeys(new.topics)),
        new.double_opt_in,
        datetime.now(UTC),
        MOST_FORMS,
    )
    if made is None:
        raise DomainError(ErrorCode.TOO_LARGE, f"An account has {MOST_FORMS} forms at most.")
    return await form(actor, made)


async def delete_form(actor: Actor, form_id: UUID) -> UUID:
    """Take a form away; its page says from now on that the link does not work. Raises DomainError NOT_FOUND (`id`)."""
    if await pool().fetchval(_DELETE, actor.account_id, form_id) is None:
        raise not_found("form", "id")
    return form_id


def _refusals(new: Form, topics: set[UUID]) -> list[DomainError]:
    found = []
    wording = (new.wording or "").strip()
    if not MIN_STATEMENT <= len(wording) <= MAX_STATEMENT or not storable(wording):
        found.append(
            invalid(f"The words people agree to have {MIN_STATEMENT} to {MAX_STATEMENT} characters.", "wording")
        )
    for url, name in ((new.page_url, "pageUrl"), (new.return_url, "returnUrl")):
        if url is not None and not is_url(url):
            found.append(invalid("An address of a page starts with https:// or http://.", name))
    if Channel.EMAIL not in new.channels or Channel.POST in new.channels:
        found.append(invalid("A form takes EMAIL, and SMS and CALL if you like.", "channels"))
    if len(new.topics) > MOST_TOPICS:
        found.append(DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_TOPICS} topics.", "topics"))
    found += [not_found("topic", "topics", str(at)) for at, one in enumerate(new.topics) if one not in topics]
    return found


def _form(row: Any) -> Form:
    return Form(**{**row, "channels": [Channel(channel) for channel in row["channels"]]})

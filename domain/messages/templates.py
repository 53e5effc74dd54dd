"""Templates: kept, changed, read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.contacts import rules as texts
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra.db import pool, tx
from domain.messages.forms import MAIL, Form, check_form, check_words
from domain.messages.journeys.rules import KEY
from domain.messages.journeys.words import NAMES, Templates
from domain.values import Channel

MOST: Final = 500
MOST_FIELDS: Final = 50
MAX_NAME: Final = 200
MAX_VALUE: Final = 10_000
COLUMNS: Final = "id, key, name, channel, marketing, opt_out_words, fields, subject, text, html, version, created_at"
_COUNT: Final = "SELECT count(*) FROM template WHERE account_id = $1"
_INSERT: Final = f"""
INSERT INTO template (account_id, id, key, name, marketing, fields, subject, text, html, created_at, channel,
                      opt_out_words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING {COLUMNS}
"""
_HOLD: Final = f"SELECT {COLUMNS} FROM template WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE"
_SET_ASIDE: Final = """
INSERT INTO template_past (account_id, template_id, version, subject, text, html, replaced_at)
SELECT $1, id, version, subject, text, html, $3 FROM template WHERE account_id = $1 AND id = $2
"""
_UPDATE: Final = f"""
UPDATE template SET name = coalesce($3, name), subject = $4, text = $5, html = $6, version = version + $7
 WHERE account_id = $1 AND id = $2 RETURNING {COLUMNS}
"""
_READ: Final = f"SELECT {COLUMNS} FROM template WHERE account_id = $1 AND id = $2"
_ALL: Final = f"SELECT {COLUMNS} FROM template WHERE account_id = $1 ORDER BY id LIMIT {MOST}"


@dataclass(frozen=True, slots=True)
class Template:
    """A mail or a text message as an account wrote it."""

    id: UUID
    key: str
    name: str
    channel: Channel
    marketing: bool
    opt_out_words: bool
    """SMS: our words on how to leave are put below it."""
    fields: Sequence[str]
    subject: str
    text: str
    html: str
    version: int
    """Counts the changes of its words, from 1."""
    created_at: datetime

    @property
    def form(self) -> Form:
        """On which channel, and what is put below it."""
        return Form(self.channel, self.opt_out_words)

    @property
    def words(self) -> Templates:
        """What it says."""
        return Templates(self.subject, self.text, self.html)


async def create_template(
    actor: Actor,
    key: str,
    name: str,
    words: Templates,
    *,
    marketing: bool = True,
    fields: Sequence[str] = (),
    form: Form = MAIL,
) -> Template:
    """Keep a template. Raises DomainError or Refusals: INVALID, TOO_LARGE (also for a 501st), TAKEN for the key."""
    check_form(form)
    if not KEY.fullmatch(key):
        raise invalid("Start with a letter; then lower-case letters, digits and underscores, up to 63.", "key")
    check_fields(fields, marketing=marketing)
    label = texts.some(texts.line(name, MAX_NAME, "name"), "name")
    check_words(form, words, fields, marketing=marketing)
    if await pool().fetchval(_COUNT, actor.account_id) >= MOST:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST} templates.", "key")
    row_id, said, now = uuid7(), (words.subject, words.text, words.html), datetime.now(UTC)
    given = actor.account_id, row_id, key, label, marketing, list(fields), *said, now
    try:
        row = await pool().fetchrow(_INSERT, *given, form.channel, form.opt_out_words)
    except asyncpg.UniqueViolationError:
        raise DomainError(ErrorCode.TAKEN, "The account has a template with this key.", "key") from None
    return _of(row)


async def update_template(
    actor: Actor, template_id: UUID, name: str | None = None, words: Templates | None = None
) -> Template:
    """Change what is given. What was asked for before keeps its words. Raises as `create_template`; NOT_FOUND."""
    before = await template(actor, template_id, "id")
    label = None if name is None else texts.some(texts.line(name, MAX_NAME, "name"), "name")
    if words is not None:
        check_words(before.form, words, before.fields, marketing=before.marketing)
    async with tx() as connection:
        # Two changes at once: the second sets aside what the first has written.
        held = _of(await connection.fetchrow(_HOLD, actor.account_id, template_id))
        said = held.words if words is None else words
        if said != held.words:
            await connection.execute(_SET_ASIDE, actor.account_id, template_id, datetime.now(UTC))
        given = label, said.subject, said.text, said.html, int(said != held.words)
        return _of(await connection.fetchrow(_UPDATE, actor.account_id, template_id, *given))


async def template(actor: Actor, template_id: UUID, *field: str) -> Template:
    """One of the account's. Raises DomainError NOT_FOUND at the field."""
    row = await pool().fetchrow(_READ, actor.account_id, template_id)
    if row is None:
        raise not_found("template", *field)
    return _of(row)


async def templates(actor: Actor) -> list[Template]:
    """All of the account's, oldest first."""
    return [_of(row) for row in await pool().fetch(_ALL, actor.account_id)]


def check_fields(fields: Sequence[str], *, marketing: bool) -> None:
    """Raise DomainError unless a template may have these names of its own: INVALID, TOO_LARGE."""
    if marketing and fields:
        raise invalid("Only a template that is not marketing has fields of its own.", "fields")
    if len(fields) > MOST_FIELDS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_FIELDS} fields.", "fields")
    if len(set(fields)) < len(fields) or any(not KEY.fullmatch(name) or name in NAMES for name in fields):
        raise invalid("Lower-case letters, digits and underscores, once each, and none that is given anyway.", "fields")


def field_value(name: str, value: object) -> str:
    """The text for a template's own field. Raises DomainError INVALID at `data` and the name for any other value."""
    if not isinstance(value, str) or len(value) > MAX_VALUE or "\x00" in value:
        raise invalid(f"A value is a text of at most {MAX_VALUE:,} characters.", "data", name)
    return value


def _of(row: Any) -> Template:
    return Template(**dict(row) | {"channel": Channel(row["channel"])})

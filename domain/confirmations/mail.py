"""An account's own confirmation mail: set, seen before it is set, given up."""

from typing import Final

from domain.accounts.models import Account
from domain.accounts.queries import account
from domain.actor import Actor
from domain.confirmations.rules import GOOD_FOR
from domain.confirmations.words import Facts, Templates, Words, check, filled_in, ours
from domain.infra.db import pool

_SET: Final = """
UPDATE account SET confirmation_subject = $2, confirmation_text = $3, confirmation_html = $4 WHERE account_id = $1
"""
_KEPT: Final = """
SELECT confirmation_subject, confirmation_text, confirmation_html FROM account WHERE account_id = $1
"""
LINK: Final = "https://example.com/c/the-link-of-this-mail"
"""What stands for the link in a preview."""


async def update_confirmation_mail(actor: Actor, templates: Templates) -> Account:
    """Set the account's own mail; three empty texts go back to ours, in each recipient's language.

    Raises Refusals (`subject`, `text`, `html`): INVALID, TOO_LARGE.
    """
    given = (templates.subject, templates.text, templates.html)
    if any(given):
        check(templates)
    await pool().execute(_SET, actor.account_id, *(text or None for text in given))
    return await account(actor)


async def preview_confirmation_mail(actor: Actor, templates: Templates | None, language: str) -> Words:
    """The mail as somebody called Anna would get it: of these templates, else as it is set now.

    Raises as `update_confirmation_mail` does.
    """
    if templates is None:
        row = await pool().fetchrow(_KEPT, actor.account_id)
        templates = Templates(*row) if row and row["confirmation_subject"] is not None else None
    else:
        check(templates)
    mine = await account(actor)
    facts = Facts(mine.name, LINK, "Anna", mine.postal_address or "", (), GOOD_FOR.days)
    return ours(facts, language) if templates is None else filled_in(templates, facts)

"""A part of a request for double opt-in: each address by the rules of one, and one mail each."""

from typing import Final
from uuid import UUID

from domain.bulk.work import Job, Tally, present, tallied
from domain.confirmations.ask import ask
from domain.confirmations.rules import refusal
from domain.confirmations.standings import of_contacts
from domain.consent.change import Refusal
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.values import Channel

_LOCK: Final = "SELECT lock_contacts($1, $2, $3, false)"


async def request_double_opt_in_part(connection: Connection, job: Job, contact_ids: list[UUID]) -> Tally:
    """Ask whoever may be asked; the mails wait in the outbox from the part's commit on."""
    await connection.execute(_LOCK, job.account_id, contact_ids, [Channel.EMAIL])
    found = await of_contacts(connection, job.account_id, contact_ids, job.change["slots"], job.now)
    codes = [(one, refusal(one.standing, job.now)) for one in found]
    asked = [one for one, code in codes if code is None]
    await ask(connection, job.origin(), asked)
    refusals = [Refusal(one.contact_id, one.address_id, code) for one, code in codes if code and one.contact_id]
    there = await present(connection, job.account_id, contact_ids)
    without = there - {one.contact_id for one in found}
    refusals += [Refusal(contact_id, None, ErrorCode.NO_ADDRESS) for contact_id in sorted(without)]
    changed = {one.contact_id for one in asked if one.contact_id}
    return tallied(contact_ids, there, changed, refusals)

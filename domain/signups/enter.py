"""One sign-up: its contact, its permission by the two columns of the rules, its evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.confirmations import rules
from domain.confirmations.ask import Along, ask, join
from domain.confirmations.standings import of_addresses
from domain.consent.change import Context, change_addresses
from domain.consent.rules import Change, Facts, Request, Unchanged, decide
from domain.contacts.addresses import Wanted, hold, write_values
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.given import read_account
from domain.contacts.rows import OPTED_IN
from domain.contacts.rules import address_hash
from domain.contacts.switch_topics import lock, switch_all
from domain.errors import ErrorCode
from domain.infra.db import Connection
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, EvidenceMethod, Lifecycle

_HOLDER: Final = """
SELECT p.contact_id FROM address a JOIN contact_point p ON p.account_id = $1 AND p.address_id = a.id
 WHERE a.account_id = $1 AND a.hash = ANY ($2::bytea[]) ORDER BY p.contact_id LIMIT 1
"""
_STANDS: Final = """
SELECT id, channel, consent FROM address WHERE account_id = $1 AND id = ANY ($2::uuid[]) ORDER BY channel
"""
_EVIDENCE: Final = """
INSERT INTO evidence (account_id, id, method, statement, obtained_at, url, ip, user_agent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_KNOWN_TOPICS: Final = "SELECT id FROM topic WHERE account_id = $1 AND id = ANY ($2::uuid[])"


class MovedError(Exception):
    """The address got another holder meanwhile; the same again can succeed."""


@dataclass(frozen=True, slots=True)
class _Entered:
    """A sign-up on its way: where its entries come from, its contact, and its addresses as they stood."""

    origin: Origin
    contact_id: UUID
    before: list[Any]
    double: bool

    @property
    def request(self) -> Request:
        return Request(Change.OPT_IN, ConsentSource.SIGNUP_FORM, confirmation=self.double)

    @property
    def waiting(self) -> list[Any]:
        """The addresses that the rules leave to a confirmation."""
        facts = [(row, Facts(Lifecycle.ACTIVE, ConsentStatus(row["consent"]))) for row in self.before]
        decisions = [(row, decide(self.request, fact)) for row, fact in facts]
        return [row for row, said in decisions if isinstance(said, Unchanged) and said.confirmation_requested]


async def enter(connection: Connection, row: Any, now: datetime) -> None:
    """Enter a sign-up's row, in the caller's transaction. Raises MovedError, Refusals: to be tried again."""
    account_id = row["account_id"]
    wanted = await _wanted(connection, row)
    contact_id, addresses = await _held(connection, row, wanted)
    origin = Origin(account_id, row["actor"], ConsentSource.SIGNUP_FORM, now, evidence_id=uuid7())
    before = await connection.fetch(_STANDS, account_id, addresses)
    entered = _Entered(origin, contact_id, list(before), row["double_opt_in"])
    context = Context(account_id, row["actor"], now, evidence_id=origin.evidence_id)
    outcome = await change_addresses(connection, entered.request, addresses, context)
    switched = await _switch_topics(connection, row, entered)
    asked = await _ask(connection, row, entered)
    if outcome.positions or switched or asked:
        await _keep(connection, row, origin)


async def _wanted(connection: Connection, row: Any) -> list[Wanted]:
    key = (await read_account(connection, row["account_id"])).address_key
    values = {Channel.EMAIL: row["email"], Channel.SMS: row["phone"], Channel.CALL: row["phone"]}
    chosen = [(Channel(channel), values[Channel(channel)]) for channel in row["channels"]]
    return [Wanted(channel, value, address_hash(key, channel, value)) for channel, value in chosen]


async def _held(connection: Connection, row: Any, wanted: list[Wanted]) -> tuple[UUID, list[UUID]]:
    """The contact, made where nobody has the address, and the addresses, locked."""
    account_id = row["account_id"]
    emails = [one.hash for one in wanted if one.channel is Channel.EMAIL]
    found = await connection.fetchval(_HOLDER, account_id, emails or [one.hash for one in wanted])
    if found is None:
        points = [NewPoint(one.channel, one.value) for one in wanted]
        new = NewContact(points, first_name=row["first_name"], last_name=row["last_name"])
        actor = Actor(account_id, row["actor"], frozenset())
        found = (await create_contact(actor, new, source=ConsentSource.SIGNUP_FORM)).contact_id
    else:
        await lock(connection, account_id, [found])
    held = await hold(connection, account_id, wanted)
    if any(one.holder != found for address, one in held.items() if address.channel is Channel.EMAIL):
        raise MovedError
    numbers = {address: one for address, one in held.items() if address.channel is not Channel.EMAIL}
    await write_values(connection, account_id, numbers)
    return found, [one.id for one in held.values()]


async def _switch_topics(connection: Connection, row: Any, entered: _Entered) -> bool:
    """Switch topics on at once where nothing waits to be confirmed: else that is for the confirmation to do."""
    account_id = row["account_id"]
    stands = await connection.fetch(_STANDS, account_id, [one["id"] for one in entered.before])
    if entered.waiting or not row["topics"] or not any(one["consent"] in OPTED_IN for one in stands):
        return False
    known = [one["id"] for one in await connection.fetch(_KNOWN_TOPICS, account_id, row["topics"])]
    changed = await switch_all(connection, entered.origin, [entered.contact_id], dict.fromkeys(known, True))
    return bool(changed)


async def _ask(connection: Connection, row: Any, entered: _Entered) -> list[int]:
    """The request to confirm, and its mail where one may be sent; a mail that is on its way speaks for this, too."""
    waiting, now, account_id = entered.waiting, entered.origin.now, row["account_id"]
    emails = [one["id"] for one in waiting if one["channel"] == Channel.EMAIL]
    phones = [one for one in waiting if one["channel"] != Channel.EMAIL]
    positions: list[int] = []
    asked = list(phones)
    along = Along(row["topics"], [one["id"] for one in phones] if entered.double else [], row["language"])
    for addressee in await of_addresses(connection, account_id, emails, now):
        code = rules.refusal(rules.wishing(addressee.standing, now), now)
        if code is None:
            positions += await ask(connection, entered.origin, [addressee], along)
        elif code is ErrorCode.CONFLICT:
            await join(connection, account_id, addressee.address_id, along)
        else:
            asked += [one for one in waiting if one["id"] == addressee.address_id]
    entries = [
        Entry(ConsentAction.CONFIRMATION_REQUESTED, entered.contact_id, one["id"], Channel(one["channel"]))
        for one in asked
    ]
    return positions + await append(connection, entered.origin, entries)


async def _keep(connection: Connection, row: Any, origin: Origin) -> None:
    await connection.execute(
        _EVIDENCE,
        row["account_id"],
        origin.evidence_id,
        EvidenceMethod.SIGNUP_FORM,
        row["wording"],
        row["received_at"],
        row["form_url"],
        row["ip"],
        row["user_agent"],
    )

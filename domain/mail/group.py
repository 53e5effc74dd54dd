"""A group of a batch's mails: claimed, judged and put together in one short transaction, right before they go."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Final, TypeAlias
from uuid import UUID

from domain.infra.db import Connection, tx
from domain.infra.settings import settings
from domain.mail import pace
from domain.mail.batches import Batch, End, Taken, end_many, next_due, read_batch, take
from domain.mail.compose import Mail
from domain.mail.deliver import Bounce
from domain.mail.outbox import GIVE_UP, Claimed, MailStatus, pause
from domain.mail.sms.text import Text

FRESH: Final = 5.0
"""Seconds after which words that were put together count as old: the mail is given back, to be judged again."""


@dataclass(frozen=True, slots=True)
class Composed:
    """What mails say, by their subjects; subjects whose mail is not to be sent; those in neither failed this time."""

    mails: Mapping[UUID, Mail | Text]
    dropped: frozenset[UUID] = frozenset()


ComposeMany: TypeAlias = Callable[[Connection, UUID, Sequence[UUID]], Awaitable[Composed]]
"""Judges subjects of an account under their locks, and puts their mails together: connection, account, subjects."""
Domains: TypeAlias = Callable[[Connection, UUID, Sequence[UUID]], Awaitable[Mapping[UUID, str]]]
"""The domains that subjects' mails go to; those without an address are left out."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What is to be known of the subjects of a batch's mails."""

    compose: ComposeMany
    domains: Domains
    bounce: Bounce


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that is put together, and until when its words are fresh (`monotonic`)."""

    mail: Claimed
    said: Mail | Text
    fresh_until: float


@dataclass(slots=True)
class Group:
    """What came of looking for mails to send: those to send, or after how many seconds to look again, if at all."""

    ready: list[Ready] = field(default_factory=list)
    taken: int = 0
    wait: float | None = None


async def prepare(account_id: UUID, batch_id: UUID, crowd: Crowd, most: int) -> Group:
    """Claim up to so many mails that are due and may go at this pace, and put them together."""
    async with tx() as connection:
        now = datetime.now(UTC)
        batch = await read_batch(connection, account_id, batch_id)
        if batch is None or batch.paused_at:
            return Group()
        rates = _rates(batch, batch_id)
        moments = await pace.held(connection, account_id, list(rates), now)
        most = min([most, *(pace.allowed(moments[name], now, rate) for name, rate in rates.items())])
        if most <= 0:
            return Group(wait=max(1 / rate for rate in rates.values()))
        taken = await take(connection, account_id, batch_id, now, most)
        if not taken:
            due = await next_due(connection, account_id, batch_id)
            return Group(wait=max((due - now).total_seconds(), 0.01) if due else None)
        all_taken = [one.mail for one in taken]
        on_turn = all_taken if batch.canceled_at else await _on_turn(connection, account_id, crowd, taken, now)
        spent = {name: pace.after(moments[name], now, rate, len(on_turn)) for name, rate in rates.items()}
        await pace.spend(connection, account_id, spent)
        composed = await crowd.compose(connection, account_id, [one.subject_id for one in on_turn])
        await end_many(connection, account_id, _ends(on_turn, composed, now), now)
        fresh_until = monotonic() + FRESH
    mails = composed.mails
    going = [one for one in on_turn if one.subject_id in mails]
    return Group([Ready(one, mails[one.subject_id], fresh_until) for one in going], len(taken))


def _rates(batch: Batch, batch_id: UUID) -> dict[str, float]:
    if batch.canceled_at:
        return {}
    given = {"account": settings().mail_per_second, f"batch:{batch_id}": batch.per_second}
    return {name: float(rate) for name, rate in given.items() if rate}


async def _on_turn(
    connection: Connection, account_id: UUID, crowd: Crowd, taken: Sequence[Taken], now: datetime
) -> list[Claimed]:
    """Those that may go to their domain now; the others are told their turn, and given back until then."""
    limits = settings().mail_domains
    waiting = [one for one in taken if one.turn_at is None or now - one.turn_at > pace.LATE]
    if not limits or not waiting:
        return [one.mail for one in taken]
    domains = await crowd.domains(connection, account_id, [one.mail.subject_id for one in waiting])
    by_domain: dict[str, list[Claimed]] = defaultdict(list)
    for one in waiting:
        domain = domains.get(one.mail.subject_id, "")
        if domain in limits:
            by_domain[domain].append(one.mail)
    later = await _told(connection, account_id, by_domain, now)
    await end_many(connection, account_id, later, now)
    gone = {end.mail.id for end in later}
    return [one.mail for one in taken if one.mail.id not in gone]


async def _told(
    connection: Connection, account_id: UUID, by_domain: Mapping[str, Sequence[Claimed]], now: datetime
) -> list[End]:
    limits = settings().mail_domains
    moments = await pace.held(connection, account_id, [f"domain:{name}" for name in by_domain], now)
    ends, spent = [], {}
    for domain, mails in by_domain.items():
        turns = pace.turns(moments[f"domain:{domain}"], now, limits[domain], len(mails))
        spent[f"domain:{domain}"] = turns[-1] + pace.step(limits[domain])
        ends += [
            End(mail, MailStatus.QUEUED, turn, turn_at=turn, untried=True)
            for mail, turn in zip(mails, turns, strict=True)
            if turn > now
        ]
    await pace.spend(connection, account_id, spent)
    return ends


def _ends(claimed: Sequence[Claimed], composed: Composed, now: datetime) -> list[End]:
    ends = []
    for mail in claimed:
        if mail.subject_id in composed.dropped:
            ends.append(End(mail, MailStatus.DROPPED))
        elif mail.subject_id not in composed.mails:
            ends.append(put_off(mail, now))
    return ends


def put_off(mail: Claimed, now: datetime, code: int | None = None, enhanced: str | None = None) -> End:
    """Tried again after a growing pause, or given up after `GIVE_UP`."""
    if now - mail.created_at > GIVE_UP:
        return End(mail, MailStatus.DROPPED, code=code, enhanced=enhanced)
    return End(mail, MailStatus.QUEUED, now + pause(mail.attempts), code, enhanced)


def given_back(mail: Claimed, now: datetime) -> End:
    """To be claimed and judged again at once."""
    return End(mail, MailStatus.QUEUED, now, untried=True)

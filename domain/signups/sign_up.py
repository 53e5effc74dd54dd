"""Take a sign-up in. Nothing is looked up: the answer is the same whether or not the address is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.consent.evidence import MAX_STATEMENT, MIN_STATEMENT
from domain.contacts import rules
from domain.contacts.gathered import Gathered
from domain.errors import DomainError, ErrorCode, invalid, not_found
from domain.infra import queue
from domain.infra.db import pool
from domain.infra.log import logger
from domain.recipients.visit import Visit
from domain.signups.limits import check_place, is_spent
from domain.values import Channel

MOST_TOPICS: Final = 50
MAX_URL: Final = 2_000
PHONES: Final = (Channel.SMS, Channel.CALL)

_ACCOUNT: Final = """
SELECT address_key, default_country,
       ARRAY(SELECT id FROM topic WHERE account_id = $1 AND id = ANY ($2::uuid[])) AS topics
  FROM account WHERE account_id = $1
"""
_KEEP: Final = """
INSERT INTO signup (account_id, id, actor, received_at, email, phone, first_name, last_name, channels, topics,
                    form_url, wording, double_opt_in, language, ip, user_agent, next_attempt_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $4)
"""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a form sends, as in `SignUpInput`. `trap`: a field that people do not see, and programs fill in."""

    form_url: str
    wording: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    channels: Sequence[Channel] = (Channel.EMAIL,)
    topics: Sequence[UUID] = ()
    double_opt_in: bool = True
    language: str | None = None
    trap: str | None = None


async def sign_up(actor: Actor, given: SignUp, visit: Visit) -> None:
    """Keep a sign-up for a worker. One that fell into the trap, or is one too many for its address, is dropped unsaid.

    Raises Refusals: REQUIRED, INVALID, TOO_LARGE, NOT_FOUND for a topic; TooManySignUps. What is refused depends on
    what was sent alone.
    """
    await check_place(actor.account_id, actor.name, visit.ip)
    row = await pool().fetchrow(_ACCOUNT, actor.account_id, list(given.topics)[: MOST_TOPICS + 1])
    assert row is not None
    checked, address = _checked(given, row["default_country"], set(row["topics"]), row["address_key"])
    if given.trap or await is_spent(actor.account_id, address):
        log.info("a sign-up was dropped", account=str(actor.account_id), trapped=bool(given.trap))
        return
    now = datetime.now(UTC)
    await pool().execute(_KEEP, actor.account_id, uuid7(), actor.name, now, *checked, visit.ip, visit.user_agent)
    queue.ring(queue.SIGNUP, actor.account_id, actor.account_id, token="due")  # noqa: S106 - of a job, no secret


def _checked(given: SignUp, country: str | None, topics: set[UUID], key: bytes) -> tuple[list[object], bytes]:
    """The row's values, and the hash of the address it is for. Raises Refusals."""
    gathered = Gathered()
    channels = list(dict.fromkeys(given.channels))
    for refused in _of_channels(given, channels):
        gathered.refuse(refused)
    email = gathered.take(lambda: rules.email(given.email or "", "email")) if given.email else None
    phone = gathered.take(lambda: rules.phone(given.phone or "", country, "phone")) if given.phone else None
    first = gathered.take(lambda: rules.name(given.first_name, "firstName"))
    last = gathered.take(lambda: rules.name(given.last_name, "lastName"))
    for refused in _of_form(given, topics):
        gathered.refuse(refused)
    gathered.settle()
    kept = (Channel.EMAIL, email) if email else (Channel.SMS, phone or "")
    values: list[object] = [email, phone, first, last, channels, list(dict.fromkeys(given.topics))]
    values += [given.form_url, given.wording.strip(), given.double_opt_in, given.language]
    return values, rules.address_hash(key, *kept)


def _of_channels(given: SignUp, channels: Sequence[Channel]) -> list[DomainError]:
    if not channels:
        return [invalid("Name at least one channel.", "channels")]
    if Channel.POST in channels:
        return [invalid("Nobody signs up for letters here: EMAIL, SMS and CALL.", "channels")]
    found = []
    if Channel.EMAIL in channels and not given.email:
        found.append(DomainError(ErrorCode.REQUIRED, "An email address is needed.", "email"))
    if any(channel in channels for channel in PHONES) and not given.phone:
        found.append(DomainError(ErrorCode.REQUIRED, "A phone number is needed.", "phone"))
    if given.double_opt_in and Channel.EMAIL not in channels:
        found.append(invalid("A confirmation goes by email: name EMAIL too, or leave it out.", "doubleOptIn"))
    return found


def _of_form(given: SignUp, topics: set[UUID]) -> list[DomainError]:
    found = []
    if not MIN_STATEMENT <= len(given.wording.strip()) <= MAX_STATEMENT or not rules.storable(given.wording):
        words = f"The words the person agreed to have {MIN_STATEMENT} to {MAX_STATEMENT} characters."
        found.append(invalid(words, "wording"))
    if not is_url(given.form_url):
        found.append(invalid("The form's address starts with https:// or http://.", "formUrl"))
    if len(given.topics) > MOST_TOPICS:
        found.append(DomainError(ErrorCode.TOO_LARGE, f"At most {MOST_TOPICS} topics.", "topics"))
    else:
        found += [not_found("topic", "topics", str(at)) for at, one in enumerate(given.topics) if one not in topics]
    return found


def is_url(text: str) -> bool:
    """Whether it may be kept as the address of a page."""
    return text.startswith(("https://", "http://")) and len(text) <= MAX_URL and rules.storable(text)

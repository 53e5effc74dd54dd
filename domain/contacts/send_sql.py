"""The gate of `send.judge` as one SQL condition, for as many contacts as there are. A test holds the two together."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.contacts.filter_sql import TOPIC_ON, primary_point
from domain.contacts.rows import OPTED_IN
from domain.contacts.send import REQUEST_HOLDS, Purpose
from domain.values import Channel

_REACHABLE = "a.deliverability = 'OK'"
_PERMITTED = "a.consent IN ({})".format(", ".join(f"'{consent}'" for consent in OPTED_IN))
_ASKED = """EXISTS (SELECT FROM ledger l WHERE l.account_id = $1 AND l.address_id = a.id
  AND l.action = 'CONFIRMATION_REQUESTED' AND l.source IN ('SIGNUP_FORM', 'PREFERENCE_CENTRE')
  AND l.occurred_at >= ${since})"""
_ACTIVE = "s.lifecycle = 'ACTIVE'"


def gate(channel: Channel, purpose: Purpose, topic_id: UUID | None, parameters: list[Any]) -> str:
    """Whether this may be sent to `contact c` in the state `s` (rules.md, "May this be sent?").

    `$1` is the account; further values are appended to `parameters`.
    """
    if purpose is Purpose.TRANSACTIONAL:
        return _address(channel, "true" if channel in (Channel.EMAIL, Channel.POST) else "a.consent <> 'OPTED_OUT'")
    if purpose is Purpose.CONFIRMATION:
        parameters.append(datetime.now(UTC) - REQUEST_HOLDS)
        asked = _ASKED.format(since=len(parameters))
        return f"({_ACTIVE} AND {_address(channel, f'({_PERMITTED} OR {asked})')})"
    topic = _topic(topic_id, parameters)
    sendable = f"{topic} AND {_address(channel, _PERMITTED)}"
    return f"({sendable})" if purpose is Purpose.JOURNEY else f"({_ACTIVE} AND {sendable})"


def _address(channel: Channel, permitted: str) -> str:
    return primary_point(channel, f"{_REACHABLE} AND {permitted}").format(each="")


def _topic(topic_id: UUID | None, parameters: list[Any]) -> str:
    if topic_id is None:
        return "s.topic_on"
    parameters.append(topic_id)
    return TOPIC_ON.format(topic=f"${len(parameters)}::uuid")

"""A filter as one SQL condition over `contact c` and `contact_state s`, `$1` being the account.

Every part is true or false, never null, so that `not` means what it says for a contact without the address.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.contacts.filter import ContactFilter, OptStatus, measure
from domain.contacts.queries import STATE
from domain.contacts.rarity import rarest
from domain.contacts.rows import OPTED_IN
from domain.contacts.rules import storable
from domain.contacts.search import patterns
from domain.values import Channel, Deliverability

_PRIMARY = """EXISTS (SELECT FROM contact_point p JOIN address a ON a.account_id = $1 AND a.id = p.address_id
  WHERE p.account_id = $1 AND p.contact_id = c.id AND p.slot = 1 AND p.channel = {channel} AND a.channel = {channel}
    AND {test}{{each}})"""
TOPIC_ON = """coalesce(
  (SELECT w.subscribed FROM topic_switch w WHERE w.account_id = $1 AND w.contact_id = c.id AND w.topic_id = {topic}),
  (SELECT t.default_subscribed FROM topic t WHERE t.account_id = $1 AND t.id = {topic}), false)"""
_GROUP = """EXISTS (SELECT FROM group_member m
  WHERE m.account_id = $1 AND m.contact_id = c.id AND m.group_id = {group}{{each}})"""
_TAG = "EXISTS (SELECT FROM contact_tag g WHERE g.account_id = $1 AND g.contact_id = c.id AND g.tag = {tag}{{each}})"
_IMPORTED = """EXISTS (SELECT FROM ledger l
  WHERE l.account_id = $1 AND l.contact_id = c.id AND l.operation_id = {operation}{{each}})"""
_SUBSCRIBED = "(s.lifecycle = 'ACTIVE' AND s.topic_on AND {sendable})"
_LOOKS_AT_STATE = re.compile(r"\bs\.")
_LAST_MS = 2**48 - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in two forms that mean the same."""

    text: str

    @property
    def always(self) -> bool:
        """Whether nobody is left out."""
        return self.text == "true"

    @property
    def everywhere(self) -> str:
        """For a whole account: the planner may start from any table."""
        return self.text.format(each="")

    @property
    def one_by_one(self) -> str:
        """For a few contacts in an order: OFFSET keeps each EXISTS a look-up, never a hash of the whole table."""
        return self.text.format(each=" OFFSET 0")

    @property
    def chosen(self) -> str:
        """FROM and WHERE for a whole account; the state is joined only where the condition looks at it."""
        state = STATE if _LOOKS_AT_STATE.search(self.text) else ""
        return f"FROM contact c {state} WHERE c.account_id = $1 AND {self.everywhere}"


def condition(where: ContactFilter | None, search: str | None, parameters: list[Any]) -> Condition:
    """The condition; its values are appended to `parameters`, which already hold what is bound before them.

    Raises DomainError TOO_LARGE (field `filter`).
    """
    compiler = _Compiler(parameters)
    parts = compiler.search(search)
    if where is not None:
        measure(where)
        parts.append(compiler.compile(where, Channel.EMAIL))
    return Condition(_all(parts))


class _Compiler:
    """Turns filters into SQL, numbering the parameters as it goes."""

    def __init__(self, parameters: list[Any]) -> None:
        self._parameters = parameters

    def compile(self, where: ContactFilter, enclosing: Channel) -> str:
        channel = where.channel or enclosing
        parts = [
            *self._permission(where, channel),
            *self.search(where.search),
            *self._details(where),
            *self._belonging(where),
            *self._created(where),
        ]
        parts.extend(self.compile(child, channel) for child in where.and_ or ())
        if where.or_ is not None:
            parts.append(" OR ".join(self.compile(child, channel) for child in where.or_) or "false")
        if where.not_ is not None:
            parts.append(f"NOT ({self.compile(where.not_, channel)})")
        return _all(parts)

    def search(self, typed: str | None) -> list[str]:
        if typed is None:
            return []
        found = patterns(typed)
        if found is None:
            return []
        return [" OR ".join(self._like(pattern) for pattern in found) or "false"]

    def _like(self, pattern: str) -> str:
        rare = rarest(pattern)
        if rare is None:
            return f"c.search LIKE {self._bind(pattern)}"
        return f"(c.search LIKE {self._bind(f'%{rare}%')} AND c.search || '' LIKE {self._bind(pattern)})"

    def _permission(self, where: ContactFilter, channel: Channel) -> list[str]:
        """What concerns the channel's primary address. Asked of one address at once where all must be true of it."""
        tests, parts = [], []
        if where.status is OptStatus.OPTED_IN:
            tests.append(_consent(OPTED_IN))
        elif where.status is OptStatus.OPTED_OUT:
            parts.append(f"NOT {primary_point(channel, _consent(OPTED_IN))}")
        if where.consent is not None:
            tests.append(_consent(where.consent))
        if where.deliverability is not None:
            tests.append(f"a.deliverability = '{where.deliverability}'")
        if tests:
            parts.append(primary_point(channel, " AND ".join(tests)))
        if where.subscribed is not None:
            sendable = primary_point(channel, f"{_consent(OPTED_IN)} AND a.deliverability = '{Deliverability.OK}'")
            parts.append(("" if where.subscribed else "NOT ") + _SUBSCRIBED.format(sendable=sendable))
        return parts

    def _details(self, where: ContactFilter) -> list[str]:
        parts = []
        if where.lifecycle is not None:
            parts.append(f"s.lifecycle = '{where.lifecycle}'")
        if where.contact_type is not None:
            kinds = [kind for kind in where.contact_type if storable(kind)]
            parts.append(f"coalesce(c.contact_type = ANY ({self._bind(kinds)}), false)")
        return parts

    def _belonging(self, where: ContactFilter) -> list[str]:
        parts = []
        if where.topic is not None:
            parts.append(TOPIC_ON.format(topic=self._bind(where.topic)))
        if where.group is not None:
            parts.append(_GROUP.format(group=self._bind(where.group)))
        if where.tag is not None:
            parts.append(_TAG.format(tag=self._bind(where.tag)) if storable(where.tag) else "false")
        if where.imported_by is not None:
            parts.append(_IMPORTED.format(operation=self._bind(where.imported_by)))
        return parts

    def _created(self, where: ContactFilter) -> list[str]:
        """A contact's id holds the millisecond of its creation, so its key is also the index by time."""
        parts = []
        if where.created_after is not None:
            after = _microseconds(where.created_after) // 1000 + 1
            parts.append("false" if after > _LAST_MS else f"c.id >= {self._bind(_first_id(after))}")
        if where.created_before is not None:
            before = -(-_microseconds(where.created_before) // 1000)
            parts.append(f"c.id < {self._bind(_first_id(before))}")
        return parts

    def _bind(self, value: Any) -> str:
        self._parameters.append(value)
        return f"${len(self._parameters)}"


def _all(parts: Sequence[str]) -> str:
    return " AND ".join(f"({part})" for part in parts if part != "true") or "true"


def primary_point(channel: Channel, test: str) -> str:
    """Whether the primary address of the channel is there and passes the test, over `address a`."""
    return _PRIMARY.format(channel=f"'{channel}'", test=test)


def _consent(among: Sequence[str]) -> str:
    """Enum values are our own words: written out, so that the planner knows how common each is."""
    values = ", ".join(f"'{value}'" for value in among)
    return f"a.consent IN ({values})" if values else "false"


def _microseconds(moment: datetime) -> int:
    """Since 1970; a moment without a zone is in UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _first_id(milliseconds: int) -> UUID:
    """The least UUIDv7 of a millisecond, whatever its version bits."""
    return UUID(int=min(max(milliseconds, 0), _LAST_MS) << 80)

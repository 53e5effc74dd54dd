"""A provider's call, before anybody believes it, and what it turned out to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from domain.inbound.rules import Keyword
from domain.inbound.values import HookKind, Incoming

MOST_EVENTS: Final = 5_000
"""More than any provider sends at once."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that a provider calls. `key` is ours, `secret` what the provider signs with; neither is logged."""

    account_id: UUID
    id: UUID
    kind: HookKind
    key: bytes
    secret: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """`url` as the provider was given it, the headers' names in lower case, the body as it came."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a genuine call says."""

    incoming: Sequence[Incoming] = ()
    keyword: Keyword | None = None
    """What a text message asked for, for the answer."""
    confirmation_url: str | None = None
    """Where a person confirms that messages may come here."""


class Forged(Exception):  # noqa: N818 - a state of a call
    """The call is not the provider's, not for this hook, or too old."""


class Malformed(Exception):  # noqa: N818 - a state of a call
    """The call is genuine and makes no sense."""


class Unverifiable(Exception):  # noqa: N818 - a state of a call
    """What the call is to be checked with cannot be had just now: the provider should try again."""


def object_in(body: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises Malformed."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed from None
    return part(value)


def part(value: Any) -> dict[str, Any]:
    """A JSON object inside another. Raises Malformed when it is none."""
    if not isinstance(value, dict):
        raise Malformed
    return value


def parts(value: Any) -> list[dict[str, Any]]:
    """A list of JSON objects. Raises Malformed when it is none, or longer than any provider's."""
    if not isinstance(value, list) or len(value) > MOST_EVENTS:
        raise Malformed
    return [part(one) for one in value]


def text(holder: Mapping[str, Any], name: str) -> str:
    """A text or a number by its name, as text. Raises Malformed when it is missing or something else."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Malformed
    return str(value)


def words(holder: Mapping[str, Any], *names: str) -> str | None:
    """The first of these texts that is there."""
    found = (holder.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), None)

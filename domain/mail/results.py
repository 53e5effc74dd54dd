"""What became of handing a mail over."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it over, and answers for it from now on."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: the server said so (4xx), or could not be reached. Nothing was sent. Without a reply the code is 0."""

    code: int = 0
    enhanced: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the server refused this recipient or this mail for good (5xx; RFC 5321, RFC 3463)."""

    code: int
    enhanced: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection broke after the mail was on its way and before the server answered: it may have been sent."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Its words had grown old before a connection was free, so it was not sent: it is to be judged again."""


Result: TypeAlias = Accepted | Deferred | Refused | Unknown | Stale

"""What an endpoint may be, and how its deliveries go on: pure, and therefore easy to test."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from domain.errors import DomainError, ErrorCode, invalid
from domain.values import ConsentAction
from domain.webhooks.addresses import public

BATCH: Final = 500
"""Events in a delivery, at most."""
MOST: Final = 50
"""Endpoints that an account may have."""
PATIENCE: Final = timedelta(days=3)
"""So long a batch is tried; then the endpoint is disabled, and keeps its place."""
OVERLAP: Final = timedelta(hours=24)
"""So long both secrets sign after a rotation, unless said otherwise."""
LONGEST_OVERLAP: Final = timedelta(days=7)
LONGEST_PAUSE: Final = timedelta(hours=4)
_GROWTH: Final = 3
_LONGEST_URL: Final = 2_000
_CHARACTERS: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.ASCII)
# As URLs are read everywhere else: a last label that is a number makes the host an IPv4 address, however it is spelt.
_NUMERIC: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.ASCII)


def endpoint_url(url: str, allowed: Collection[str]) -> str:
    """The URL as it is kept. `allowed` are hosts (or host:port) that may be anywhere, and may go without TLS.

    Raises DomainError INVALID. Whether a name leads into a private network shows when it is connected to.
    """
    parts = _parts(url)
    host, excepted = parts.hostname or "", is_allowed(parts.hostname or "", parts.port, allowed)
    if parts.scheme != "https" and not excepted:
        raise invalid("The URL has to begin with https://.", "url")
    if not excepted and not _may_be_public(host):
        raise invalid("The URL has to lead to a public address.", "url")
    return url


def is_allowed(host: str, port: int | None, allowed: Collection[str]) -> bool:
    """Whether the operator has named the host as one that may be anywhere."""
    return host.lower() in allowed or (port is not None and f"{host.lower()}:{port}" in allowed)


def _parts(url: str) -> SplitResult:
    if not url:
        raise DomainError(ErrorCode.REQUIRED, "A URL is needed.", "url")
    if len(url) > _LONGEST_URL:
        raise DomainError(ErrorCode.TOO_LARGE, f"A URL has at most {_LONGEST_URL} characters.", "url")
    try:
        parts = urlsplit(url)
        sound = _CHARACTERS.fullmatch(url) and parts.hostname and parts.port != 0
    except ValueError:
        sound = None
    if not sound or parts.scheme not in ("http", "https"):
        raise invalid("This is no URL of an endpoint. A name in other letters is written as in DNS (xn--…).", "url")
    if parts.username is not None or parts.password is not None:
        raise invalid("The URL holds credentials. Deliveries are signed; check the signature instead.", "url")
    if parts.fragment or "#" in url:
        raise invalid("The URL holds a fragment (#…), which is never sent.", "url")
    return parts


def _may_be_public(host: str) -> bool:
    if ":" in host or _NUMERIC.fullmatch(host):
        return public(host)
    name = host.rstrip(".")
    return "." in name and not name.endswith((".localhost", ".local", ".internal"))


def actions(given: Sequence[ConsentAction] | None) -> list[ConsentAction] | None:
    """The actions an endpoint hears of, each once; None for all. Raises DomainError INVALID for an empty list."""
    if given is None:
        return None
    if not given:
        raise invalid("Name at least one action, or leave `actions` out for all.", "actions")
    return list(dict.fromkeys(given))


def overlap(hours: int | None) -> timedelta:
    """How long the old secret signs beside the new one. Raises DomainError INVALID."""
    if hours is None:
        return OVERLAP
    if not 0 <= hours <= LONGEST_OVERLAP // timedelta(hours=1):
        raise invalid(f"The old secret may sign for 0 to {LONGEST_OVERLAP // timedelta(hours=1)} hours.", "overlap")
    return timedelta(hours=hours)


def pause(attempts: int, first: float, chance: float) -> timedelta:
    """How long to wait after so many failed tries of a batch.

    `first` seconds after the first, thrice as long after each, four hours at most; `chance` in 0..1 spreads it by a
    fifth either way, so that endpoints which fell silent together do not wake together.
    """
    seconds = min(first * _GROWTH ** min(attempts - 1, 20), LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=seconds * (0.8 + 0.4 * chance))


def gives_up(failing_since: datetime, now: datetime) -> bool:
    """Whether a batch has been tried for long enough."""
    return now - failing_since >= PATIENCE

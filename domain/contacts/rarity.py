"""Which part of what somebody looks for is rare: that part alone is looked up in the index of letters.

The index keeps a list for each three letters. Those of a common word, or of a domain, name every contact there is, and
reading them takes longer than reading the few rows that the rare ones name. How common three letters are is learned
from a sample, now and then; it decides about speed alone, for every row found is compared with the whole.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from domain.infra.db import pool

SAMPLE: Final = 2_000
"""Contacts of a sample."""
SECONDS: Final = 600.0
"""How long a sample is good for."""
_PART: Final = 5
"""Letters that are looked up: three lists."""
FEWEST: Final = 100_000
"""Contacts below which the whole is looked up: the lists are short."""
_SIZE: Final = "SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'contact'::regclass"
_SEARCHED: Final = "SELECT search FROM contact TABLESAMPLE SYSTEM ($1)"


@dataclass(slots=True)
class _Known:
    """In how many contacts of the sample three letters are, and when that was learned."""

    common: Counter[str] = field(default_factory=Counter)
    at: float = -SECONDS
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)


_known: Final = _Known()


async def learn(fewest: int = FEWEST) -> None:
    """Take a sample when the last one is old, of that many contacts or more; whoever comes meanwhile goes on."""
    if _known.learning.locked() or monotonic() - _known.at < SECONDS:
        return
    async with _known.learning:
        _known.at = monotonic()
        size = await pool().fetchval(_SIZE) or 0
        if size >= fewest:
            rows = await pool().fetch(_SEARCHED, min(100, 100 * SAMPLE / max(size, 1)))
            _known.common = Counter(three for row in rows for three in set(_threes(row["search"])))


def forget() -> None:
    """Know nothing, and learn at the next search."""
    _known.common.clear()
    _known.at = -SECONDS


def rarest(pattern: str) -> str | None:
    """The part of a LIKE pattern that is to be looked up in place of the whole; None for the whole.

    Letters and digits stand for themselves in a pattern, so whatever matches it holds the part.
    """
    parts = [part for at in range(len(pattern) - _PART + 1) if (part := pattern[at : at + _PART]).isalnum()]
    if not _known.common or not parts:
        return None
    best = min(parts, key=_cost)
    return best if 2 * _cost(best) < _cost(pattern) else None


def _cost(text: str) -> int:
    return sum(_known.common[three] for three in _threes(text))


def _threes(text: str) -> list[str]:
    return [three for at in range(len(text) - 2) if (three := text[at : at + 3]).isalnum()]

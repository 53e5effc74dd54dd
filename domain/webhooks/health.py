"""How endpoints fare, over all accounts: for metrics."""

from dataclasses import dataclass
from typing import Final

from domain.infra.db import pool

_HEALTH: Final = """
SELECT count(*) FILTER (WHERE disabled_at IS NULL AND attempts = 0) AS healthy,
       count(*) FILTER (WHERE disabled_at IS NULL AND attempts > 0) AS failing,
       count(*) FILTER (WHERE disabled_at IS NOT NULL) AS disabled,
       coalesce(extract(epoch FROM now() - min(failing_since) FILTER (WHERE disabled_at IS NULL)), 0)::float8 AS longest
  FROM webhook
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How many endpoints are in which state, and for how many seconds the one that fails longest has failed."""

    healthy: int
    failing: int
    disabled: int
    longest: float


async def health() -> Health:
    """How endpoints fare now."""
    row = await pool().fetchrow(_HEALTH)
    assert row is not None
    return Health(**dict(row))

"""The door for addresses that are made with their first permission, many at a time: no look at what stands is needed.

`decide` is asked once, for an address of which nothing is recorded yet; the caller's statement, which makes contacts
and addresses, holds `RECORD` and `ADMIT` and so writes the permission, its ledger entries and the counts with them.
"""

from domain.consent.door_sql import ADMIT, RECORD
from domain.consent.rules import Changed, Facts, Request, Step, decide
from domain.values import ConsentStatus, Lifecycle

__all__ = ["ADMIT", "RECORD", "admission"]


def admission(request: Request) -> Step | None:
    """The one step that a request means for a new address of an active contact; None when it is refused or no step."""
    decision = decide(request, Facts(Lifecycle.ACTIVE, ConsentStatus.NON_MARKETABLE))
    if isinstance(decision, Changed) and len(decision.steps) == 1 and decision.steps[0].consent is not None:
        return decision.steps[0]
    return None

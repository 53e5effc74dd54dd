"""Ask a selection of contacts to confirm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.consent.single import check_targets
from domain.contacts.selection import Selection, to_json
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """What a person asks for, as in `BulkRequestDoubleOptInInput`."""

    selection: Selection
    slots: Sequence[int] | None = None
    idempotency_key: str | None = None


async def bulk_request_double_opt_in(actor: Actor, asked: ConfirmationRequest) -> Operation:
    """Put on record that contacts are to be asked by mail, each at its primary email unless slots are named.

    Raises DomainError: INVALID for slots outside 1 to 3 or a selection of nobody, CONFLICT for a key that came with
    another input; what the selection says.
    """
    slots = [1] if asked.slots is None else sorted(set(asked.slots))

    async def check(_now: datetime) -> Asked:
        check_targets([Channel.EMAIL], asked.slots)
        await check_selection(actor, asked.selection)
        await check_anyone(actor, asked.selection)
        words = f"Request double opt-in: {await whom(actor, asked.selection)}"
        return Asked(words, {"slots": slots}, to_json(asked.selection))

    given = {"selection": to_json(asked.selection), "slots": slots}
    return await start(actor, Wish(BulkKind.REQUEST_DOUBLE_OPT_IN, given, asked.idempotency_key), check)

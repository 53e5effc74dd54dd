"""Hold a broadcast, have it go on, or call it off."""

import strawberry

from api.bulk.types import BulkOperation, BulkPayload
from api.context import Info
from api.fields import Input, mutation
from api.relay import required
from domain.actor import Scope
from domain.messages import pause


@strawberry.input(description="Which broadcast to hold.")
class PauseBroadcastInput:
    """A broadcast."""

    id: strawberry.ID = strawberry.field(description="Its bulk operation.")


@strawberry.type(description="The operation. It may be COMPLETED, with its messages waiting in the outbox.")
class PauseBroadcastPayload(BulkPayload):
    """The answer."""


@strawberry.input(description="Which broadcast is to go on.")
class ResumeBroadcastInput:
    """A broadcast."""

    id: strawberry.ID = strawberry.field(description="Its bulk operation.")


@strawberry.type(description="The operation.")
class ResumeBroadcastPayload(BulkPayload):
    """The answer."""


@strawberry.input(description="Which broadcast to call off.")
class CancelBroadcastInput:
    """A broadcast."""

    id: strawberry.ID = strawberry.field(description="Its bulk operation.")


@strawberry.type(description="The operation: canceled if it had not ended, else as it ended.")
class CancelBroadcastPayload(BulkPayload):
    """The answer."""


@strawberry.type
class HoldingMutation:
    """What can be done to a broadcast under way."""

    @mutation(
        Scope.BULK,
        PauseBroadcastPayload,
        "Holds a broadcast: none of its messages is claimed from now on, those that wait stay. What a worker has in "
        "hand, a hundred messages or two, still goes. Paused already, nothing changes; ALREADY_FINISHED once canceled.",
    )
    async def pause_broadcast(self, info: Info, asked: Input[PauseBroadcastInput]) -> PauseBroadcastPayload:
        """Hold."""
        operation = await pause.pause_broadcast(info.context.actor, required("BulkOperation", asked.id, "id"))
        return PauseBroadcastPayload(bulk_operation=BulkOperation.of(operation))

    @mutation(
        Scope.BULK,
        ResumeBroadcastPayload,
        "Has a paused broadcast go on. Not paused, nothing changes; ALREADY_FINISHED once canceled.",
    )
    async def resume_broadcast(self, info: Info, asked: Input[ResumeBroadcastInput]) -> ResumeBroadcastPayload:
        """Go on."""
        operation = await pause.resume_broadcast(info.context.actor, required("BulkOperation", asked.id, "id"))
        return ResumeBroadcastPayload(bulk_operation=BulkOperation.of(operation))

    @mutation(
        Scope.BULK,
        CancelBroadcastPayload,
        "Calls a broadcast off, also a paused one, and one whose messages are all in the outbox: those that no worker "
        "has in hand end as CANCELED. Twice is once.",
    )
    async def cancel_broadcast(self, info: Info, asked: Input[CancelBroadcastInput]) -> CancelBroadcastPayload:
        """Call off."""
        operation = await pause.cancel_broadcast(info.context.actor, required("BulkOperation", asked.id, "id"))
        return CancelBroadcastPayload(bulk_operation=BulkOperation.of(operation))

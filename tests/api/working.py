"""A bulk operation worked off in this process, as a worker would."""

from api.relay import required
from domain.bulk.operation import Operation
from tests.api.client import Client
from tests.domain.bulk import working


async def work_off(api: Client, operation_id: str) -> Operation:
    """Do what a worker does with the operation of this global id, to the end."""
    return await working.work_off(api.actor, required("BulkOperation", operation_id))

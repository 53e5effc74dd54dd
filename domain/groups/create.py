"""Create a group."""

from domain.actor import Actor
from domain.groups.queries import GroupRow


async def create_group(actor: Actor, name: str, description: str | None = None) -> GroupRow:
    """Create an empty group. Raises DomainError: INVALID, TOO_LARGE, TAKEN for a name in use, whatever its case."""
    raise NotImplementedError

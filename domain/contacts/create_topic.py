"""Add a topic to an account, for all of its contacts at once."""

from domain.accounts.models import Topic
from domain.actor import Actor


async def create_topic(
    actor: Actor, key: str, name: str, description: str | None = None, default_subscribed: bool = False
) -> Topic:
    """Add a topic; on by default, it is off for whoever has switched every topic off (rules.md, "Topics").

    Raises DomainError: INVALID, TOO_LARGE, TAKEN for a key in use.
    """
    raise NotImplementedError

"""Reading accounts and topics."""

from uuid import UUID

from domain.accounts.models import Account, Topic
from domain.actor import Actor
from domain.infra.scope import scoped


async def account(actor: Actor) -> Account:
    """The actor's account."""
    return await Account.get(id=actor.account_id)


async def topics(actor: Actor) -> list[Topic]:
    """The account's topics, oldest first."""
    return await scoped(Topic, actor).order_by("id")


async def topic(actor: Actor, topic_id: UUID) -> Topic | None:
    """One topic, or None when the account has none of this id."""
    return await scoped(Topic, actor).get_or_none(id=topic_id)

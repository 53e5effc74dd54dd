"""Open an account."""

import secrets
from datetime import UTC, datetime

from uuid_utils.compat import uuid7

from domain.accounts.keys import ALL_SCOPES, NewKey, create_key
from domain.accounts.models import Account, Topic
from domain.accounts.rules import account_name
from domain.actor import Actor, Scope
from domain.infra.db import tx
from domain.values import OptOutPolicy

CONTACT_TYPES = ["client", "partner", "franchisee"]
TOPICS = {
    "newsletter": "Newsletter",
    "product_updates": "Product updates",
    "marketing": "Marketing",
    "system_alerts": "System alerts",
}


async def create_account(
    name: str, key: str | None = None, default_country: str | None = None
) -> tuple[Account, NewKey]:
    """Open an account with its first topics, contact types and a key that may do everything.

    Raises DomainError: INVALID for the name or a short key, TAKEN when the key is in use.
    """
    now = datetime.now(UTC)
    async with tx():
        account = await Account.create(
            id=uuid7(),
            name=account_name(name),
            opt_out_policy=OptOutPolicy.WITH_EVIDENCE,
            contact_types=CONTACT_TYPES,
            default_country=default_country,
            address_key=secrets.token_bytes(32),
            created_at=now,
        )
        for topic_key, topic_name in TOPICS.items():
            await Topic.create(
                id=uuid7(),
                account_id=account.id,
                key=topic_key,
                name=topic_name,
                default_subscribed=True,
                created_at=now,
            )
        owner = Actor(account.id, "cli", frozenset({Scope.ADMIN}))
        return account, await create_key(owner, "First key", ALL_SCOPES, key)

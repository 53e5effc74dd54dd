"""An account for each test."""

import pytest

from domain.actor import Actor
from tests.domain.contacts.people import account


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account in an empty database."""
    return await account()


@pytest.fixture
async def stranger(actor: Actor) -> Actor:
    """Another account in the same database."""
    return await account("Elsewhere")

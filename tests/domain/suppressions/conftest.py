"""An account for each test."""

from tests.domain.contacts.conftest import actor, stranger

__all__ = ["actor", "stranger"]

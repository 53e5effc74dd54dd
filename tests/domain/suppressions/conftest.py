"""An account for each test, and a store of its own."""

from tests.domain.exports.conftest import _store, actor, stranger

__all__ = ["_store", "actor", "stranger"]

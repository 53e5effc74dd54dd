"""An account for each test, and a store of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.infra import storage
from domain.infra.settings import settings
from tests.domain.contacts.conftest import actor, stranger

__all__ = ["actor", "stranger"]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files go to an empty folder."""
    monkeypatch.setenv("ASSENT_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    storage._store.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
    storage._store.cache_clear()

"""Ground for tests that start servers of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data directory that the user `nobody` can reach, too."""
    with tempfile.TemporaryDirectory(prefix="assent-ops-") as name:
        Path(name).chmod(0o711)
        yield Path(name)

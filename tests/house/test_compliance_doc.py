"""docs/compliance.md names tests: each of them is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs/compliance.md").read_text())))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_is_said_to_be_shown_is_tested(path: str, name: str) -> None:
    """The file is there, and so is the test in it."""
    text = (ROOT / path).read_text()
    assert not name or re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE)


def test_there_is_something_to_check() -> None:
    """The pattern finds what it is there to find."""
    assert len(NAMED) > 20

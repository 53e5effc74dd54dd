"""There is one door: no code but the door's writes consent, deliverability or lifecycle, or changes the ledger."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOOR = "domain/consent/door_sql.py"
KEPT = r"(?:consent|consent_at|proof|deliverability|lifecycle)"
WRITES = re.compile(
    rf"""
    \bUPDATE\s+(?:address|contact_state)\b(?:(?!\bWHERE\b).)*?\bSET\b(?:(?!\b(?:WHERE|FROM)\b).)*?\b{KEPT}\s*=
    | \bINSERT\s+INTO\s+(?:address|contact_state)\s*\([^)]*\b{KEPT}\b
    | \bCOPY\s+(?:address|contact_state)\b
    | \bDO\s+UPDATE\s+SET\b(?:(?!\bWHERE\b).)*?\b{KEPT}\s*=
    | \b(?:UPDATE|DELETE\s+FROM|TRUNCATE)\s+ledger\b
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
ORM_WRITES = re.compile(
    rf"\b(?:Address|ContactState)\b.*\.(?:update|create|bulk_create|bulk_update)\(.*\b{KEPT}\s*=", re.DOTALL
)


def sources() -> list[Path]:
    """Every file of ours that can hold SQL, migrations' first schema aside."""
    found = [path for room in ("api", "domain", "workers", "cli") for path in (ROOT / room).rglob("*.py")]
    return [path for path in found if path.relative_to(ROOT).as_posix() != DOOR]


def statements(path: Path) -> list[str]:
    """Every string of a file, f-strings joined over their holes."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            texts.append("".join(str(part.value) if isinstance(part, ast.Constant) else " ? " for part in node.values))
    return texts


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_writes_permission(path: Path) -> None:
    """No statement outside the door sets a column that the rules decide."""
    assert [text for text in statements(path) if WRITES.search(text)] == []
    assert not ORM_WRITES.search(path.read_text())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE address SET value = $1, consent = 'OPTED_OUT' WHERE id = $2",
        "update contact_state s\n set lifecycle = 'ACTIVE' from x where true",
        "INSERT INTO address (account_id, id, consent) VALUES ($1, $2, $3)",
        "INSERT INTO address (id) SELECT 1 ON CONFLICT (id) DO UPDATE SET deliverability = 'OK'",
        "DELETE FROM ledger WHERE true",
    ],
)
def test_the_lint_sees_a_back_door(statement: str) -> None:
    """The pattern finds what it is there to find."""
    assert WRITES.search(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE address SET value = NULL WHERE consent = 'OPTED_OUT'",
        "INSERT INTO address (account_id, id, channel, hash, value) SELECT 1",
        "SELECT consent FROM address WHERE lifecycle = 'ACTIVE'",
    ],
)
def test_the_lint_lets_the_rest_pass(statement: str) -> None:
    """Reading, and writing what the rules do not decide, is nobody's back door."""
    assert not WRITES.search(statement)

"""Every query starts from the actor's account: by construction, and by this lint."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLES = (
    "account|api_key|topic|contact|contact_state|address|contact_point|topic_switch|contact_tag|evidence|ledger|"
    "contact_group|group_member|group_member_removed|contact_tag_removed|"
    "bulk_operation|bulk_part|bulk_refusal|summary_delta|confirmation|signup|signup_form|upload|stored_file|webhook|webhook_delivery|inbound_hook|inbound_seen|delivery_trouble|"
    "send_authorization|send_answer|journey|journey_entry"
)
TOUCHES = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:{TABLES})\b", re.IGNORECASE)
# What has no account yet, or serves them all: a credential being recognised, the sweep.
UNSCOPED = {
    "domain/accounts/keys.py": "_BY_HASH",
    "domain/bulk/stranded.py": "stranded operations of every account",
    "domain/webhooks/claim.py": "endpoints that are due, of every account",
    "domain/webhooks/health.py": "how endpoints fare, over all accounts",
    "domain/contacts/rarity.py": "how common three letters are, in a sample of all: counts alone are kept",
    "domain/files/sweep.py": "what has expired, of every account",
}
MODELS = set(
    """Account ApiKey Topic Contact ContactState Address ContactPoint TopicSwitch ContactTag ContactGroup
    GroupMember BulkOperation BulkPart BulkRefusal Evidence""".split()  # noqa: SIM905 - words read better than quotes
)
STARTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
READS = {"filter", "all", "get", "get_or_none", "first", "exclude", "annotate", "raw"}


def modules() -> list[Path]:
    """Every module that may query."""
    return [path for room in ("domain", "api", "workers") for path in (ROOT / room).rglob("*.py")]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_models_are_read_through_the_one_scoped_entry(path: Path) -> None:
    """A model's rows are asked for through `scoped(Model, actor)`, or by the account's own id."""
    if path.name == "scope.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id in MODELS:
            ids = [keyword.value for keyword in node.keywords if keyword.arg in ("account_id", "id")]
            assert any("account_id" in ast.unparse(value) for value in ids), f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_names_the_account(path: Path) -> None:
    """A statement that touches a table of accounts says which account."""
    if path.relative_to(ROOT).as_posix() in UNSCOPED or "migrations" in path.parts:
        return
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    statements = [text for text in texts if isinstance(text, str) and text.lstrip().upper().startswith(STARTS)]
    assert [text for text in statements if TOUCHES.search(text) and "account_id" not in text] == []

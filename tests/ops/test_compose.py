"""compose.yaml, as far as it can be judged without an engine."""

import re
from pathlib import Path
from typing import Any

import yaml

_TEXT = Path("compose.yaml").read_text()
_SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(_TEXT)["services"]


def test_no_secret_has_a_default() -> None:
    """Every secret must be given: one that is missing stops compose with a message."""
    names = re.findall(r"\$\{(\w*(?:SECRET|PASSWORD)\w*)(.{2})", _TEXT)
    assert {name for name, _ in names} == {"ASSENT_SECRET", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
    assert {required for _, required in names} == {":?"}


def test_what_runs_is_watched() -> None:
    """Whatever keeps running is examined and started again; the migration runs once and must succeed."""
    for name in _SERVICES.keys() - {"migrate"}:
        assert _SERVICES[name]["restart"] == "unless-stopped"
        assert _SERVICES[name]["healthcheck"]["test"]
    assert _SERVICES["migrate"]["restart"] == "no"
    for name in ("api", "worker"):
        assert _SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}

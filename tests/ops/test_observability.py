"""The dashboard and the alert rules ask for metrics that exist, by labels that they have."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.http.metrics import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"
RULES = sorted((DOCS / "alerts").glob("*.yaml"))
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())
# Made at the first observation, with these labels.
LABELS = {"kind", "operation", "outcome", "status", "state", "le", "job"}


def exposed() -> set[str]:
    """Every series that `/metrics` can show."""
    names = set()
    for metric in REGISTRY.collect():
        ends = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(metric.type, [""])
        names |= {f"{metric.name}{end}" for end in ends}
    return names


def expressions() -> list[str]:
    """All that is asked of Prometheus."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    rules = [rule["expr"] for group in groups for rule in group["rules"]]
    return rules + [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_exists(expression: str) -> None:
    """A name that is mistyped would be a panel without lines, or an alert that never comes."""
    named = set(re.findall(r"\bassent_\w+", expression))
    assert named or "up{" in expression
    assert named <= exposed()
    labels = {name for inner in re.findall(r"\{([^}]*)\}", expression) for name in re.findall(r"(\w+)\s*=", inner)}
    assert labels <= LABELS
    assert expression.count("(") == expression.count(")")


def test_every_metric_is_shown() -> None:
    """What is measured has its panel."""
    asked = " ".join(expressions())
    assert [metric.name for metric in REGISTRY.collect() if metric.name not in asked] == []


def test_alerts_say_what_to_do() -> None:
    """Each has words for whoever is woken, and a name of its own."""
    rules: list[dict[str, Any]] = [
        rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
    ]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)

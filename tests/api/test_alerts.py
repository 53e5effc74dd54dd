"""The alert rules speak of metrics that there are, and a held transaction shows in them."""

import re
from pathlib import Path

import yaml

from domain.infra.db import tx
from tests.api.client import Client, connected
from tests.domain.consent.population import elsewhere

RULES = Path(__file__).parents[2] / "docs" / "alerts" / "feed.yaml"
WRITE = """INSERT INTO ledger (account_id, position, occurred_at, action, source, actor)
VALUES ($1, nextval('ledger_position'), now(), 'OPT_IN', 'OPERATOR', 'key:test')"""


async def scraped() -> str:
    """What /metrics says."""
    async with connected() as http:
        return (await http.get("/metrics")).text


async def test_every_metric_of_the_rules_is_measured(api: Client) -> None:
    """A rule about a metric that nobody writes would never fire."""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    names = {name for rule in rules for name in re.findall(r"assent_\w+", rule["expr"])}
    text = await scraped()
    assert names
    assert {name for name in names if name not in text} == set()
    assert 'assent_webhooks{state="disabled"} 0.0' in text


async def test_a_transaction_held_open_shows(api: Client) -> None:
    """The readers' lag grows from one scrape to the next, and is nothing again afterwards."""
    async with tx() as connection:
        await connection.execute(WRITE, api.actor.account_id)
        await elsewhere(scraped())
        held = await elsewhere(scraped())
    lag = re.search(r"^assent_ledger_lag_seconds ([\d.e-]+)$", held, re.MULTILINE)
    assert lag is not None
    assert float(lag[1]) > 0
    async with connected() as http:
        assert (await http.get("/metrics")).status_code == 200

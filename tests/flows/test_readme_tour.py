"""The README's tour, block by block, against a real server with the sample and a real worker."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.accounts.keys import authenticate
from domain.sample.journeys import write_journey
from domain.sample.write import write_sample
from tests.api.live import Server, live_server, server
from tests.api.socket import connected

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```graphql\n(.*?)```", README.read_text(), re.DOTALL)

__all__ = ["live_server", "server"]


async def test_every_block_of_the_tour_runs(live_server: Server) -> None:
    """In order, each block answers without an error, with the ids that the earlier ones showed."""
    owner = await authenticate(live_server.key)
    assert owner is not None
    await write_sample(owner, 400)
    await write_journey(owner)
    around, opted_in, history, preview, changed, watched, feed, messages = await _tour(live_server)
    assert around["contactSummary"]["total"] == 400
    assert [event["to"] for event in opted_in["optInContact"]["events"]] == ["SINGLE_OPT_IN"]
    assert history["contact"]["points"][0]["proof"]["evidence"]["statement"] == "Signed the form at the counter."
    assert changed["bulkChangeStatus"]["userErrors"] == []
    ended = watched["bulkOperation"]
    expected = preview["previewBulkChangeStatus"]
    assert ended["status"] == "COMPLETED"
    assert {name: ended[name] for name in ("total", "changed", "unchanged", "skipped", "outcomes")} == {
        name: expected[name] for name in ("total", "changed", "unchanged", "skipped", "outcomes")
    }
    assert len(feed["consentEvents"]["nodes"]) == 5
    assert [one["key"] for one in messages["templates"]] == ["welcome", "news", "receipt"]
    assert [one["key"] for one in messages["journeys"]] == ["welcome"]


async def _tour(live: Server) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    for block in BLOCKS:
        text = block
        for name, value in ids.items():
            text = text.replace(name, value)
        data = await (_watch if text.startswith("subscription") else _ask)(live, text)
        answers.append(data)
        ids |= _ids(data)
    return answers


def _ids(data: dict[str, Any]) -> dict[str, str]:
    found = {}
    if "contacts" in data:
        found["CONTACT_ID"] = data["contacts"]["nodes"][0]["id"]
        found["GROUP_ID"] = data["groups"]["nodes"][0]["id"]
    if "bulkChangeStatus" in data:
        found["OPERATION_ID"] = data["bulkChangeStatus"]["bulkOperation"]["id"]
    return found


async def _ask(live: Server, text: str) -> dict[str, Any]:
    async with httpx2.AsyncClient(timeout=60) as client:
        headers = {"authorization": f"Bearer {live.key}"}
        answer = (await client.post(f"{live.url}/graphql", json={"query": text}, headers=headers)).json()
    if "errors" in answer:
        pytest.fail(f"{answer['errors']} in {text}")
    data: dict[str, Any] = answer["data"]
    return data


async def _watch(live: Server, text: str) -> dict[str, Any]:
    async with connected(live.url, live.key) as socket:
        await socket.subscribe(text)
        last: dict[str, Any] = {}
        while (message := await socket.receive())["type"] == "next":
            last = message["payload"]["data"]
        assert message["type"] == "complete", message
        return last

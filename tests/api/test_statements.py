"""A page costs a fixed, small number of SQL statements, however many contacts are on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from tests.api.client import Client

PAGE = """query($first: Int!) { contacts(first: $first) { nodes {
    id name email phone optedIn subscribed tags
    points { id channel slot value consent deliverability }
    topics { topic { key name } subscribed updatedAt } } pageInfo { hasNextPage endCursor } } }"""
EVERYTHING = """query($first: Int!) { contacts(first: $first) { totalCount nodes {
    id optedIn(channel: SMS) tags availableActions { kind enabled }
    points { value proof { action evidence { statement } contact { name points { value } } bulkOperation { id } } }
    topics { topic { key } } groups { totalCount nodes { name size } } } } }"""


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are executed inside the block."""
    seen: list[str] = []
    original = asyncpg.Connection._execute

    async def noted(self: Any, query: Any, *given: Any, **options: Any) -> Any:
        seen.append(str(query))
        return await original(self, query, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", noted)
        yield seen


@pytest.mark.parametrize(("text", "most"), [(PAGE, 5), (EVERYTHING, 18)])
async def test_a_page_of_fifty_costs_as_much_as_one_of_two(
    api: Client, monkeypatch: pytest.MonkeyPatch, text: str, most: int
) -> None:
    """Points, topics, tags, groups, proofs: one statement a kind for the whole page."""
    group = (await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"]
    for _ in range(50):
        await api.opted_in(tags=["a", "b"], groups=[group])
    await api.query(text, first=2)
    costs = []
    for size in (2, 50):
        with counted(monkeypatch) as statements:
            answer = (await api.query(text, first=size))["contacts"]
        assert len(answer["nodes"]) == size
        costs.append(len(statements))
    assert costs[0] == costs[1] <= most, costs

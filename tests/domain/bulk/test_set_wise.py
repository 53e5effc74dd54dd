"""A part is a constant number of statements, whatever its size."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk.erase_part import erase_part
from domain.bulk.tags_part import change_tags_part
from domain.bulk.topics_part import change_topics_part
from domain.bulk.undo_part import undo_part
from domain.bulk.values import BulkKind
from domain.bulk.work import Job, Work
from domain.infra.db import tx
from tests.domain.contacts.people import account, opted_in, topic_ids


async def statements(actor: Actor, work: Work, change: Mapping[str, Any], ids: list[UUID], operation: UUID) -> int:
    """How many statements a part takes, in a transaction that is kept."""
    seen: list[str] = []
    job = Job(actor.account_id, operation, "x", datetime.now(UTC), change)
    async with tx() as connection:
        with connection.query_logger(lambda logged: seen.append(logged.query)):
            tally = await work(connection, job, ids)
    assert tally.changed == len(ids)
    return sum("typeinfo_tree" not in query for query in seen)


@pytest.mark.parametrize("kind", [BulkKind.CHANGE_TAGS, BulkKind.CHANGE_TOPICS, BulkKind.ERASE])
async def test_a_large_part_takes_no_more_statements_than_a_small_one(db: None, kind: BulkKind) -> None:
    """For doing, and for undoing what can be undone."""
    actor = await account()
    works: dict[BulkKind, tuple[Work, dict[str, Any]]] = {
        BulkKind.CHANGE_TAGS: (change_tags_part, {"add": ["vip"], "remove": []}),
        BulkKind.CHANGE_TOPICS: (change_topics_part, {"topics": {str(id_): False for id_ in await topic_ids(actor)}}),
        BulkKind.ERASE: (erase_part, {}),
    }
    work, change = works[kind]
    counted = []
    for size in (2, 20):
        ids = sorted([await opted_in(actor, f"a{size}.{n}@example.com") for n in range(size)])
        operation = uuid7()
        counted.append([await statements(actor, work, change, ids, operation)])
        if kind is not BulkKind.ERASE:
            back = {"operation": str(operation), "kind": kind}
            counted[-1].append(await statements(actor, undo_part, back, ids, uuid7()))
    assert counted[0] == counted[1]
    assert max(counted[0]) < 16

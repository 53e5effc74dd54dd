"""`python -m bench.fuzz [10000]`: documents made at random from the schema, against seeded data.

Prints how they ended, and every one that ended as none may: with a 5xx, a fault, or a word of Python.
"""

import asyncio
import sys
from collections import Counter
from time import perf_counter
from uuid import UUID

import orjson

from api.relay import global_id
from bench.asgi import Response, post
from bench.hostile import KEY, application
from bench.servers import servers
from domain.infra.db import pool
from tests.api.test_bad_input import PYTHON
from tests.fuzz.documents import documents

AT_ONCE = 500


async def _measure(count: int) -> int:
    ended: Counter[str] = Counter()
    bad = 0
    async with application(2_000):
        contacts = await pool().fetch("SELECT contact_id FROM contact_state LIMIT 40")
        topics = await pool().fetch("SELECT id FROM topic LIMIT 4")
        ids = [_id("Contact", row[0]) for row in contacts] + [_id("Topic", row[0]) for row in topics]
        began = perf_counter()
        for start in range(0, count, AT_ONCE):
            for document in documents(min(AT_ONCE, count - start), start, ids):
                response = await post(orjson.dumps({"query": document}), KEY)
                ended[_end(response)] += 1
                if response.status >= 500 or any(word.encode() in response.body for word in PYTHON):
                    bad += 1
                    print(document, response.body[:500], sep="\n", end="\n\n")
    print(f"{ended.total()} documents in {perf_counter() - began:.0f} s; {bad} of them ended badly")
    for end, number in ended.most_common():
        print(f"{number:7} {end}")
    return bad


def _id(kind: str, key: UUID) -> str:
    return str(global_id(kind, key))


def _end(response: Response) -> str:
    errors = orjson.loads(response.body).get("errors")
    return errors[0]["extensions"]["code"] if errors else "answered"


if __name__ == "__main__":
    with servers():
        sys.exit(1 if asyncio.run(_measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)) else 0)

"""How a newsletter manager brings a list in: a person and their place on a list, a statement a row.

Two tables with the indexes and foreign keys that such programs have, in transactions of 10,000 rows, as listmonk's
importer works; sent one by one, and pipelined.
"""

import csv
from collections.abc import Iterator
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson

from domain.infra.db import pool

BATCH = 10_000
_TABLES = """
DROP TABLE IF EXISTS peer_place, peer_person, peer_list;
CREATE TABLE peer_list (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE peer_person (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid NOT NULL UNIQUE, email text NOT NULL UNIQUE,
  name text NOT NULL, attributes jsonb NOT NULL, state text NOT NULL DEFAULT 'enabled',
  made timestamptz NOT NULL DEFAULT now(), changed timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX ON peer_person (lower(email));
CREATE INDEX ON peer_person (state);
CREATE TABLE peer_place (
  person integer REFERENCES peer_person ON DELETE CASCADE, list integer REFERENCES peer_list ON DELETE CASCADE,
  state text NOT NULL, made timestamptz NOT NULL DEFAULT now(), changed timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (person, list));
CREATE INDEX ON peer_place (person);
CREATE INDEX ON peer_place (list);
CREATE INDEX ON peer_place (state);
INSERT INTO peer_list (name) VALUES ('bench');
"""
_UPSERT = """
WITH one AS (
  INSERT INTO peer_person AS p (key, email, name, attributes) VALUES ($1, $2, $3, $4)
  ON CONFLICT (email) DO UPDATE SET name = excluded.name, attributes = excluded.attributes, changed = now()
  RETURNING id
), place AS (
  INSERT INTO peer_place AS s (person, list, state) SELECT id, 1, 'confirmed' FROM one
  ON CONFLICT (person, list) DO UPDATE SET state = excluded.state, changed = now()
)
SELECT id FROM one
"""


async def upserts(known: Iterator[str], everyone: Iterator[str], *, pipeline: bool) -> float:
    """Rows a second of a list, some of whose people are there before."""
    await pool().execute(_TABLES)
    async with pool().acquire() as connection:
        await connection.executemany(_UPSERT, _parameters(known))
        await connection.execute("CHECKPOINT")
        people = _parameters(everyone)
        began = perf_counter()
        for first in range(0, len(people), BATCH):
            async with connection.transaction():
                if pipeline:
                    await connection.executemany(_UPSERT, people[first : first + BATCH])
                else:
                    for one in people[first : first + BATCH]:
                        await connection.fetchval(_UPSERT, *one)
        took = perf_counter() - began
        await connection.execute("DROP TABLE peer_place, peer_person, peer_list")
    return len(people) / took


def _parameters(lines: Iterator[str]) -> list[tuple[Any, ...]]:
    return [
        (uuid4(), email, f"{first} {last}", orjson.dumps({"mobile": mobile, "town": town, "plan": plan}).decode())
        for email, first, last, mobile, town, plan in csv.reader(lines)
    ]

"""Documents made at random from the schema: valid, with values that nobody would send, and with ids that exist."""

import re
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema

from api.schema import schema

_ID = re.compile(r'\b((?:id|ids|contactId|group|topic|contact|importedBy|upload): \[?)"[^"\\]*"')
_TIMES = [
    "2020-02-29T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "yesterday",
    "",
    "2020-13-01T00:00:00Z",
]
_JSON = ["", "{}", "null", "x", "[[]]"]


def _texts(values: Sequence[str]) -> Any:
    return st.sampled_from([StringValueNode(value=value) for value in values])


def documents(count: int, start: int, ids: Sequence[str]) -> list[str]:
    """So many documents, always the same for the same start; every other one names ids that exist."""
    found: list[str] = []
    known = cycle(ids)

    @seed(start)
    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(from_schema(schema.as_str(), custom_scalars={"DateTime": _texts(_TIMES), "JSON": _texts(_JSON)}))
    def collect(document: str) -> None:
        if len(found) % 2:
            document = _ID.sub(lambda match: f'{match[1]}"{next(known)}"', document)
        found.append(document)

    collect()
    return found

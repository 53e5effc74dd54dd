"""Moments and free-form values on the wire."""

from datetime import UTC, datetime
from typing import Any, NewType

import orjson
import strawberry
from graphql import GraphQLError


def _parse_datetime(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("A DateTime is written like 2026-11-05T14:30:00Z, with its offset from UTC.") from None


def _serialize_datetime(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment, as in RFC 3339: `2026-11-05T14:30:00Z`. Answers are in UTC.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=_serialize_datetime,
    parse_value=_parse_datetime,
)


def _parse_json(value: object) -> object:
    try:
        kept = orjson.loads(orjson.dumps(value))
    except (orjson.JSONEncodeError, orjson.JSONDecodeError):
        kept = None
    # What would not come back as it was given (a number of more than 64 bits, an infinite one) is not taken.
    if kept != value:
        raise GraphQLError("This JSON holds a number of more than 64 bits, or is nested too deeply.")
    return kept


JSON = NewType("JSON", object)
JSON_VALUE = strawberry.scalar(
    name="JSON",
    description="Any JSON value, given and answered as it is (not as a string).",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    parse_value=_parse_json,
)

SCALARS: dict[object, Any] = {datetime: DATE_TIME, JSON: JSON_VALUE}

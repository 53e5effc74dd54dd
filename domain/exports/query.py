"""An export as one statement for COPY, and how its file begins."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.exports import fields
from domain.exports.values import ExportFormat


@dataclass(frozen=True, slots=True)
class Rows:
    """What is to be copied out: a statement and its parameters, the file's first line, and a statement that counts."""

    text: str
    parameters: Sequence[Any]
    head: bytes
    count: str
    counted: Sequence[Any]


def contacts(format_: ExportFormat, names: Sequence[str], where: str, parameters: Sequence[Any]) -> Rows:
    """The contacts for which `where` (over `contact c` and `contact_state s`) holds, each with these fields."""
    given = list(parameters)
    chosen = [fields.field(name, given) for name in names]
    joins = "\n".join(dict.fromkeys(join for field in chosen for join in field.joins))
    start = "FROM contact c JOIN contact_state s ON s.account_id = $1 AND s.contact_id = c.id"
    end = f"WHERE c.account_id = $1 AND {where}"
    cells = {name: sql for field in chosen for name, sql in field.cells.items()}
    if format_ is ExportFormat.CSV:
        columns, head = ", ".join(cells.values()), line(list(cells))
    else:
        columns, head = members({field.name: field.json for field in chosen}, given), b""
    return Rows(f"SELECT {columns} {start}\n{joins}\n{end}", given, head, f"SELECT count(*) {start} {end}", parameters)


def options(format_: ExportFormat) -> dict[str, str]:
    """COPY's options. JSON holds control characters escaped alone, so quoted by one of them it goes out as it is."""
    return {"format": "csv"} | ({"delimiter": "\x02", "quote": "\x01"} if format_ is ExportFormat.JSONL else {})


def line(names: Sequence[str]) -> bytes:
    """The first line of a CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(names)
    return text.getvalue().encode()


def members(values: Mapping[str, str], parameters: list[Any]) -> str:
    """A JSON object of SQL values by name; the names are appended to `parameters`."""
    pairs = []
    for name, sql in values.items():
        parameters.append(name)
        pairs.append(f"${len(parameters)}::text, {sql}")
    return f"json_build_object({', '.join(pairs)})"

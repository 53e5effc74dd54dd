"""A batch of a list, read by the account's rules: rows ready to be staged, and the refusals of the others."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from domain.bulk.lines import Line
from domain.contacts import rules
from domain.contacts.given import AccountFacts
from domain.errors import DomainError, ErrorCode, invalid
from domain.imports import cells
from domain.imports.cells import Batch
from domain.imports.plan import EMAILS, SLOTS, Column, ImportPlan
from domain.infra.lazily import lazily
from domain.values import Channel

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


COLUMNS: Final = (
    *("account_id", "n", "line", "external_id", "first_name", "last_name", "contact_type", "attributes", "tags"),
    *("topics_on", "topics_off", "accepts"),
    *(part for slot in SLOTS for part in (slot, f"{slot}_hash")),
    *("name", "search"),
)
"""The staging table's columns, in the order in which `Staged.text` has them."""
_PLAIN_JSON: Final = r'^[^"\\\x00-\x1f]*$'
_TAG_ENDS: Final = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch read: `text` is CSV for COPY, `rows` how many are in it, `refused` the lines of the others by row."""

    text: bytes
    rows: int
    refused: Sequence[Sequence[Line]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the batches of one import. `topics`: the account's topic ids by key."""

    account_id: UUID
    plan: ImportPlan
    account: AccountFacts
    topics: dict[str, UUID]

    def read(self, frame: pl.DataFrame, first: int) -> Staged:
        """Read a batch whose usable rows are numbered from `first`. Blocking and busy: call it in a thread."""
        batch = Batch(frame)
        size = frame.height
        given = [(column, batch.cells(column.place)) for column in self.plan.columns]
        fields = {column.field: self._read(batch, column, values) for column, values in given}
        _full_names(fields)
        for place in frame["excess"].arg_true():
            batch.refuse(place, None, None, invalid("The row has more cells than the header: is a value not quoted?"))
        self._refuse_nobody(batch, fields, size)
        used = ~pl.Series(range(size)).is_in(list(batch.refused)) if batch.refused else None
        rows = self._table(frame["line"], fields, size)
        rows = rows if used is None else rows.filter(used)
        rows = rows.with_columns(
            pl.lit(str(self.account_id)).alias("account_id"),
            pl.int_range(first, first + rows.height, dtype=pl.Int32).alias("n"),
        )
        rows = rows.with_columns(*_derived(rows)).with_columns(*self._hashes(rows))
        text = rows.select(COLUMNS).write_csv(include_header=False).encode()
        return Staged(text, rows.height, list(batch.refused.values()))

    def _read(self, batch: Batch, column: Column, given: pl.Series) -> pl.Series:
        name, header = column.field, column.header
        types = self.account.contact_types
        if name in EMAILS:
            return cells.email(batch, given, header)
        match name.partition(":")[0]:
            case "mobile" | "phone":
                return cells.phone(batch, given, self.account.default_country, header)
            case "address":
                return cells.postal(batch, given, header)
            case "first_name" | "last_name" | "name":
                return cells.line(batch, given, rules.MAX_NAME, rules.name, header)
            case "external_id":
                return cells.line(batch, given, rules.MAX_EXTERNAL_ID, rules.external_id, header)
            case "contact_type":
                return batch.judged(given, given, given.is_in(list(types)), partial(_type, list(types)), header)
            case "accepts_marketing" | "topic":
                return cells.truth(batch, given, header)
            case "tags":
                nothing = pl.Series([None] * len(given), dtype=pl.String)
                return batch.judged(given, nothing, given.is_null(), _tags, header)
            case _:
                storable = ~given.str.contains("\x00", literal=True)
                return batch.judged(given, given, storable, _storable, header)

    def _refuse_nobody(self, batch: Batch, fields: dict[str, pl.Series], size: int) -> None:
        has = pl.Series([False]).new_from_index(0, size)
        for slot in (*self.plan.slots, "external_id"):
            has |= fields[slot].is_not_null() if slot in fields else has
        column = next((column.header for column in self.plan.columns if column.field in SLOTS), None)
        for place in (~has).arg_true():
            if place not in batch.refused:
                words = "The row has no address that could be used."
                batch.refuse(place, column, None, DomainError(ErrorCode.NO_ADDRESS, words))

    def _table(self, line: pl.Series, fields: dict[str, pl.Series], size: int) -> pl.DataFrame:
        """The fields as the staging table has them, null where the file has none."""
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, size)
        truths = pl.Series([None], dtype=pl.Boolean).new_from_index(0, size)
        names = ("external_id", "first_name", "last_name", "contact_type", "tags", *SLOTS)
        columns = {"line": line} | {name: fields.get(name, nothing) for name in names}
        columns["accepts"] = fields.get("accepts_marketing", truths)
        frame = pl.DataFrame(columns)
        emails = [frame[name].str.to_lowercase() for name in EMAILS]
        second = (emails[1] == emails[0]).fill_null(value=False)
        third = ((emails[2] == emails[0]) | ((emails[2] == emails[1]) & ~second)).fill_null(value=False)
        return frame.with_columns(
            frame["email2"].set(second, None),
            frame["email3"].set(third, None),
            self._attributes(fields, nothing).alias("attributes"),
            *self._switched(fields, nothing),
        )

    def _switched(self, fields: dict[str, pl.Series], nothing: pl.Series) -> tuple[pl.Series, pl.Series]:
        on, off = nothing.alias("topics_on"), nothing.alias("topics_off")
        told = {name.partition(":")[2]: values for name, values in fields.items() if name.startswith("topic:")}
        if not told:
            return on, off
        ids = [str(self.topics[key]) for key in told]
        rows = list(zip(*told.values(), strict=True))
        chosen = [
            [_array([topic for topic, value in zip(ids, row, strict=True) if value is wanted]) for row in rows]
            for wanted in (True, False)
        ]
        return tuple(
            pl.Series(series.name, values, dtype=pl.String) for series, values in zip((on, off), chosen, strict=True)
        )  # type: ignore[return-value]

    def _attributes(self, fields: dict[str, pl.Series], nothing: pl.Series) -> pl.Series:
        told = {name.partition(":")[2]: values for name, values in fields.items() if name.startswith("attribute:")}
        if not told:
            return nothing
        frame = pl.DataFrame({str(i): values for i, values in enumerate(told.values())})
        keys = [json.dumps(key, ensure_ascii=False) for key in told]
        members = [
            pl.when(pl.col(str(i)).str.contains(_PLAIN_JSON))
            .then(pl.lit(f'{key}:"') + pl.col(str(i)) + pl.lit('"'))
            .when(pl.col(str(i)).is_not_null())
            .then(pl.lit(f"{key}:") + pl.col(str(i)).map_elements(_quoted, return_dtype=pl.String))
            for i, key in enumerate(keys)
        ]
        text = frame.select(pl.concat_str(*members, separator=",", ignore_nulls=True)).to_series()
        return pl.select(pl.when(text != "").then(pl.lit("{") + text + pl.lit("}"))).to_series()

    def _hashes(self, rows: pl.DataFrame) -> list[pl.Series]:
        key = self.account.address_key
        return [
            pl.Series(f"{slot}_hash", _hashed(key, channel, rows[slot]), dtype=pl.String)
            for slot, (channel, _) in SLOTS.items()
        ]


def _hashed(key: bytes, channel: Channel, values: pl.Series) -> list[str | None]:
    """What `rules.address_hash` gives, as COPY reads it."""
    if values.null_count() == len(values):
        return [None] * len(values)
    blank, inner, outer = hashlib.sha256(), hashlib.sha256(_padded(key, 0x36)), hashlib.sha256(_padded(key, 0x5C))
    inner.update(channel.encode())

    def hashed(value: str) -> str:
        # HMAC with the pads hashed once (RFC 2104, 4): hmac.digest sets a whole context up for each value.
        plain, within, around = blank.copy(), inner.copy(), outer.copy()
        plain.update(value.lower().encode())
        within.update(plain.digest())
        around.update(within.digest())
        return "\\x" + around.hexdigest()

    return [None if value is None else hashed(value) for value in values]


def _padded(key: bytes, pad: int) -> bytes:
    return bytes(byte ^ pad for byte in key.ljust(64, b"\x00"))


def _derived(rows: pl.DataFrame) -> list[pl.Series]:
    """What `rules.derive` makes of a new contact of these rows: its name, and what a search looks through."""
    names, searches = [], []
    fields = ("first_name", "last_name", "external_id", *(slot for slot in SLOTS if slot != "address"))
    for first, last, external, email, email2, email3, mobile, phone in rows.select(fields).iter_rows():
        if email and not (email2 or email3 or phone) and "xn--" not in email:
            name = f"{first} {last}" if first and last else first or last or email
            lines = email if name == email else f"{name}\n{email}"
            search = f"{lines}\t{mobile or ''}".casefold()
        else:
            emails = [value for value in (email, email2, email3) if value]
            points = [(Channel.EMAIL, slot, value) for slot, value in enumerate(emails, 1)]
            points += [(c, 1, value) for c, value in ((Channel.SMS, mobile), (Channel.CALL, phone)) if value]
            derived = rules.derive(first, last, external, points)
            name, search = derived.name, derived.search
        names.append(name)
        searches.append(search)
    return [pl.Series("name", names, dtype=pl.String), pl.Series("search", searches, dtype=pl.String)]


def _full_names(fields: dict[str, pl.Series]) -> None:
    """Share a whole name out between first and last where the file gives neither."""
    whole = fields.pop("name", None)
    if whole is None:
        return
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(whole))
    first, last = fields.get("first_name", nothing), fields.get("last_name", nothing)
    shared = [(a, b) if a or b or not name else split(name) for a, b, name in zip(first, last, whole, strict=True)]
    fields["first_name"] = pl.Series([a for a, _ in shared], dtype=pl.String)
    fields["last_name"] = pl.Series([b for _, b in shared], dtype=pl.String)


def split(name: str) -> tuple[str | None, str | None]:
    """A whole name as first and last: `Ann Marie Lee` and `Lee, Ann Marie` are (`Ann Marie`, `Lee`)."""
    last, comma, first = name.partition(", ")
    if not comma:
        first, _, last = name.rpartition(" ")
    return (first or None, last or None) if first else (last or None, None)


def _type(types: Sequence[str], value: str) -> str | None:
    return rules.contact_type(value, types)


def _tags(value: str) -> str | None:
    return _array(rules.tags([word for word in _TAG_ENDS.split(value) if rules.strip(word)]))


def _array(values: Sequence[str]) -> str | None:
    """An array as COPY reads it; None for an empty one."""
    if not values:
        return None
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _storable(value: str) -> Any:
    if not rules.storable(value):
        raise invalid("NUL and broken characters are not allowed.")
    return value


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

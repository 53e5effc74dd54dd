"""What an export can say of a contact: each field by name, as SQL. Pure.

Fields are named as in an import, so that what was written out can be brought in again.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import DomainError, ErrorCode, Refusals, invalid
from domain.values import Channel

MAX_FIELDS: Final = 50
"""PostgreSQL builds a JSON object of so many members at most."""
MAX_KEY: Final = 200

DEFAULT: Final = ("id", "external_id", "first_name", "last_name", "email", "mobile", "contact_type", "lifecycle")
"""What is written when nothing else is asked for."""

POINTS: Final = {
    "email": (Channel.EMAIL, 1),
    "email2": (Channel.EMAIL, 2),
    "email3": (Channel.EMAIL, 3),
    "mobile": (Channel.SMS, 1),
    "phone": (Channel.CALL, 1),
    "address": (Channel.POST, 1),
}
"""A field for each address of a contact, by its channel and slot."""
OF_POINT: Final = ("consent", "consent_at", "deliverability", "proof")
"""What can be asked of each address: `consent:email`, `proof:mobile`, …"""
_ENTRY: Final = ("action", "source", "occurred_at", "actor")
PROOF: Final = (*_ENTRY, "method", "statement", "obtained_at", "url")
"""The columns that a proof takes: the ledger entry that the permission rests on, and its evidence."""

# The id as the API spells it: base64url of `Contact:<uuid>`. Of these characters it makes neither + nor /.
_ID = "rtrim(encode(('Contact:' || c.id)::bytea, 'base64'), '=')"
TIME = 'to_char({}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
_TAGS = "SELECT {gathered} AS v FROM contact_tag g WHERE g.account_id = $1 AND g.contact_id = c.id"
_GROUPS = """SELECT {gathered} AS v FROM group_member m
  JOIN contact_group g ON g.account_id = $1 AND g.id = m.group_id WHERE m.account_id = $1 AND m.contact_id = c.id"""
_ACCEPTS = "CASE WHEN a_email.consent IN ('SINGLE_OPT_IN', 'DOUBLE_OPT_IN') THEN true \
WHEN a_email.consent = 'OPTED_OUT' THEN false END"
_TOPIC = """coalesce(
  (SELECT w.subscribed FROM topic_switch w JOIN topic t ON t.account_id = $1 AND t.id = w.topic_id AND t.key = {key}
    WHERE w.account_id = $1 AND w.contact_id = c.id),
  (SELECT t.default_subscribed FROM topic t WHERE t.account_id = $1 AND t.key = {key}))"""
_POINT = """LEFT JOIN (contact_point p_{name} JOIN address a_{name}
    ON a_{name}.account_id = $1 AND a_{name}.id = p_{name}.address_id)
  ON p_{name}.account_id = $1 AND p_{name}.contact_id = c.id
 AND p_{name}.channel = '{channel}' AND p_{name}.slot = {slot}"""
_PROOF = """LEFT JOIN ledger l_{name} ON l_{name}.account_id = $1 AND l_{name}.position = a_{name}.proof
LEFT JOIN evidence e_{name} ON e_{name}.account_id = $1 AND e_{name}.id = l_{name}.evidence_id"""
# A spreadsheet takes such a cell for a formula (OWASP, CSV Injection); a plain number, such as +4915112345678, it
# does not. The last four are the signs that East Asian keyboards write.
_SAFE = r"""CASE WHEN ascii({0}) IN (9, 10, 13, 43, 45, 61, 64, 65291, 65293, 65309, 65312)
  AND {0} !~ '^[+-][0-9]+([.][0-9]+)?$' THEN '''' || {0} ELSE {0} END"""
_KEY = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: the SQL of its one cell, or of several by name, and of its JSON. `joins`: what they look at."""

    name: str
    csv: str | dict[str, str]
    json: str
    joins: tuple[str, ...] = ()

    @property
    def cells(self) -> dict[str, str]:
        """The SQL of each cell by the name of its column."""
        return {self.name: self.csv} if isinstance(self.csv, str) else self.csv


def check(names: Sequence[str], topics: Collection[str]) -> None:
    """Raise Refusals or DomainError (field `fields`) unless each is a field, named once; `topics`: the account's keys.

    INVALID for an unknown field or an empty list, DUPLICATE, TOO_LARGE for more than 50.
    """
    if not names:
        raise invalid("Name at least one field, or leave `fields` out.", "fields")
    if len(names) > MAX_FIELDS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_FIELDS} fields.", "fields")
    errors = []
    for place, name in enumerate(names):
        if not _known(name, topics):
            errors.append(_no_field(name, topics).under("fields", str(place)))
        elif name in names[:place]:
            errors.append(DomainError(ErrorCode.DUPLICATE, "This field is named twice.", "fields", str(place)))
    if errors:
        raise Refusals(errors)


def field(name: str, parameters: list[Any]) -> Field:
    """The field of a name that `check` has passed; keys of attributes and topics are appended to `parameters`."""
    kind, _, key = name.partition(":")
    if kind in ("attribute", "topic"):
        parameters.append(key)
        bound = f"${len(parameters)}::text"
        if kind == "topic":
            topic = _TOPIC.format(key=bound)
            return Field(name, topic, topic)
        return Field(name, safe(f"(c.attributes ->> {bound})"), f"(c.attributes -> {bound})")
    if kind in OF_POINT:
        return _of_point(name, kind, key)
    return _PLAIN[name]


def _of_point(name: str, kind: str, point: str) -> Field:
    join = _join(point)
    if kind == "proof":
        return _proof(name, point, join)
    sql = TIME.format(f"a_{point}.consent_at") if kind == "consent_at" else f"a_{point}.{kind}"
    return Field(name, sql, sql, (join,))


def _proof(name: str, point: str, join: str) -> Field:
    at = {part: f"{'l' if part in _ENTRY else 'e'}_{point}.{part}" for part in PROOF}
    sql = {part: TIME.format(at[part]) if part.endswith("_at") else at[part] for part in PROOF}
    cells = {f"{name}:{part}": safe(sql[part]) if part in ("statement", "url") else sql[part] for part in PROOF}
    members = ", ".join(f"'{part}', {sql[part]}" for part in PROOF)
    whole = f"CASE WHEN l_{point}.position IS NOT NULL THEN json_build_object({members}) END"
    return Field(name, cells, whole, (join, _PROOF.format(name=point)))


def _known(name: str, topics: Collection[str]) -> bool:
    kind, colon, key = name.partition(":")
    if kind == "attribute":
        return 0 < len(key) <= MAX_KEY and _KEY.fullmatch(key) is not None
    if kind == "topic":
        return key in topics
    return key in POINTS if colon and kind in OF_POINT else name in _PLAIN


def _no_field(name: str, topics: Collection[str]) -> DomainError:
    kind = name.partition(":")[0]
    if kind == "topic":
        return invalid(f"The account has no topic of this key. It has: {', '.join(sorted(topics)) or 'none'}.")
    if kind in OF_POINT:
        return invalid(f"{kind}: of one of {', '.join(POINTS)}, such as {kind}:email.")
    of_point = ", ".join(f"{one}:email" for one in OF_POINT)
    return invalid(f"One of: {', '.join(_PLAIN)}, {of_point} (or of another address), topic:KEY, attribute:KEY.")


def safe(sql: str) -> str:
    """A text that no spreadsheet takes for a formula: one that it would is led by an apostrophe."""
    return _SAFE.format(sql)


def _join(point: str) -> str:
    channel, slot = POINTS[point]
    return _POINT.format(name=point, channel=channel, slot=slot)


def _value(point: str) -> Field:
    value = f"a_{point}.value"
    return Field(point, safe(value), value, (_join(point),))


def _written(name: str, sql: str) -> Field:
    return Field(name, safe(sql), sql)


def _list(name: str, of: str, part: str) -> Field:
    text = of.format(gathered=f"string_agg({part}, ', ' ORDER BY {part})")
    array = of.format(gathered=f"coalesce(json_agg({part} ORDER BY {part}), '[]')")
    return Field(name, f"(SELECT {safe('t.v')} FROM ({text}) t)", f"({array})")


_PLAIN: Final = {
    one.name: one
    for one in (
        Field("id", _ID, _ID),
        _written("external_id", "c.external_id"),
        _written("first_name", "c.first_name"),
        _written("last_name", "c.last_name"),
        Field("name", safe("c.name"), "c.name"),
        _written("contact_type", "c.contact_type"),
        Field("lifecycle", "s.lifecycle", "s.lifecycle"),
        _written("email", "nullif(c.email, '')"),
        *(_value(point) for point in POINTS if point != "email"),
        Field("accepts_marketing", _ACCEPTS, _ACCEPTS, (_join("email"),)),
        _list("tags", _TAGS, "g.tag"),
        _list("groups", _GROUPS, "g.name"),
        Field("attributes", "nullif(c.attributes, '{}')::text", "c.attributes"),
        Field("version", "c.version", "c.version"),
        Field("created_at", TIME.format("c.created_at"), TIME.format("c.created_at")),
        Field("updated_at", TIME.format("c.updated_at"), TIME.format("c.updated_at")),
    )
}

NAMES: Final = tuple(_PLAIN)
"""The fields that stand for themselves."""

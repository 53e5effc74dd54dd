"""What an import is to do: worked out once, from the request and the file's header, and kept in its row as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from domain.consent.rules import Change, Proof, Request
from domain.imports.values import OnExisting
from domain.values import Channel, ConsentSource

SLOTS: Final[dict[str, tuple[Channel, int]]] = {
    "email": (Channel.EMAIL, 1),
    "email2": (Channel.EMAIL, 2),
    "email3": (Channel.EMAIL, 3),
    "mobile": (Channel.SMS, 1),
    "phone": (Channel.CALL, 1),
    "address": (Channel.POST, 1),
}
"""The fields that are addresses, and where each goes."""
EMAILS: Final = ("email", "email2", "email3")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file that is taken: its place from 0, its header, and the field it is taken for."""

    place: int
    header: str
    field: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """An import, ready to be worked on. `object` is the file's key in the store; `groups` are ids."""

    object: str
    columns: tuple[Column, ...]
    granted: bool
    proof: Proof
    channels: tuple[Channel, ...]
    groups: tuple[str, ...]
    new_group: str | None
    tags: tuple[str, ...]
    on_existing: OnExisting
    dry_run: bool

    @property
    def slots(self) -> list[str]:
        """The address fields that the file has, emails first."""
        taken = {column.field for column in self.columns}
        return [name for name in SLOTS if name in taken]

    @property
    def asks(self) -> bool:
        """Whether the file says row by row who accepts marketing."""
        return any(column.field == "accepts_marketing" for column in self.columns)

    @property
    def switches(self) -> bool:
        """Whether the file says row by row who hears about a topic."""
        return any(column.field.startswith("topic:") for column in self.columns)

    def header(self, field: str) -> str | None:
        """The column's header in the file, of the field."""
        return next((column.header for column in self.columns if column.field == field), None)

    def opt_in(self) -> Request:
        """What the door is asked for whoever gave permission."""
        return Request(Change.OPT_IN, ConsentSource.IMPORT, proof=self.proof, granted=self.granted)

    def opt_out(self) -> Request:
        """What the door is asked for whoever does not accept marketing."""
        return Request(Change.OPT_OUT, ConsentSource.IMPORT)

    def to_json(self) -> dict[str, Any]:
        """As kept in the operation's row."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The plan that `to_json` made this from."""
        read: dict[str, Any] = {
            "columns": lambda columns: tuple(Column(**column) for column in columns),
            "proof": Proof,
            "channels": lambda values: tuple(map(Channel, values)),
            "groups": tuple,
            "tags": tuple,
            "on_existing": OnExisting,
        }
        return cls(**{name: read[name](value) if name in read else value for name, value in kept.items()})


def placed(fields: Sequence[str | None], headers: Sequence[str]) -> tuple[Column, ...]:
    """The columns that are taken, from each column's field."""
    return tuple(
        Column(place, header, field)
        for place, (field, header) in enumerate(zip(fields, headers, strict=True))
        if field is not None
    )


def nameless(plan: ImportPlan, row: str = "s", before: str | None = None) -> str:
    """The SQL condition that a row has no better name than `before`: no email, external id or earlier number."""
    better = [f"{slot}_hash" for slot in plan.slots if slot in EMAILS]
    better += ["external_id"] if plan.header("external_id") is not None else []
    numbers = [slot for slot in plan.slots if slot not in EMAILS]
    better += [f"{slot}_hash" for slot in numbers[: numbers.index(before)]] if before else []
    return " AND ".join(f"{row}.{name} IS NULL" for name in better) or "true"

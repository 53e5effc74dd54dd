"""Pages by key, from either end of a list: which part is asked for, how it is read, and where it stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from domain.errors import DomainError, invalid

DEFAULT: Final = 50
MOST: Final = 250

Place = TypeVar("Place")
Other = TypeVar("Other")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in the order of their list, and whether there are more on either side."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True)
class Window(Generic[Place]):
    """Which part of a list: the `first` after a place, or the `last` before one; both ends may be given.

    A place is the key of a row in the order of the list. It is left out itself.
    """

    first: int | None = None
    after: Place | None = None
    last: int | None = None
    before: Place | None = None

    @property
    def backward(self) -> bool:
        """Whether it is read from its end."""
        return self.last is not None

    def size(self) -> int:
        """How many rows: 50 unless said otherwise, 250 at most.

        Raises DomainError INVALID (field `first` or `last`) for a negative or larger size, or both at once.
        """
        if self.first is not None and self.last is not None:
            raise invalid("Ask for the first or for the last, not for both.", "last")
        given = self.last if self.first is None else self.first
        size = DEFAULT if given is None else given
        if not 0 <= size <= MOST:
            raise invalid(f"A page has 0 to {MOST} rows.", "last" if self.backward else "first")
        return size

    def mapped(self, change: Callable[[Place, str], Other]) -> "Window[Other]":
        """The same window with other words for its places; `change` is also given their field, for its refusals."""
        return Window(
            self.first,
            change(self.after, "after") if self.after is not None else None,
            self.last,
            change(self.before, "before") if self.before is not None else None,
        )

    def page(self, found: Sequence[Row]) -> Page[Row]:
        """The page of the rows that were found, in the order in which they were read: one more than its size, if any.

        Raises DomainError INVALID, as `size`.
        """
        size = self.size()
        more, rows = len(found) > size, found[:size]
        if self.backward:
            return Page(rows[::-1], has_next=self.before is not None, has_previous=more)
        return Page(rows, has_next=more, has_previous=self.after is not None)


@dataclass(frozen=True, slots=True)
class Listing:
    """The order of a list in SQL: columns that no two rows have alike, and whether it goes down."""

    key: tuple[str, ...]
    down: bool = False

    def between(self, window: Window[Any], parameters: list[Any]) -> str:
        """The condition that rows lie within the window, its places added to the statement's parameters.

        A place is the value of the key, or a tuple of them where the key has several columns.
        """
        ends = ((window.after, "<" if self.down else ">"), (window.before, ">" if self.down else "<"))
        return "".join(self._beyond(sign, place, parameters) for place, sign in ends if place is not None)

    def order(self, window: Window[Any]) -> str:
        """What to sort by, so that the first rows read are those of the window: from its end when it goes backward."""
        way = "ASC" if self.down is window.backward else "DESC"
        return ", ".join(f"{column} {way}" for column in self.key)

    def statement(self, text: str, window: Window[Any], parameters: list[Any]) -> str:
        """A statement with the window put into its `{reach}` and `{order}`."""
        return text.format(reach=self.between(window, parameters), order=self.order(window))

    def _beyond(self, sign: str, place: Any, parameters: list[Any]) -> str:
        values = place if isinstance(place, tuple) else (place,)
        numbers = range(len(parameters) + 1, len(parameters) + len(values) + 1)
        parameters.extend(values)
        return f" AND ({', '.join(self.key)}) {sign} ({', '.join(f'${number}' for number in numbers)})"


def no_place(field: str) -> DomainError:
    """The refusal of a place that no row of the list can have."""
    return invalid("This is no cursor of this list.", field)

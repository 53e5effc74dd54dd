"""One column of a batch, read at once: what is plain passes, and only the rest is asked of the rules one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import email_validator

from domain.bulk.lines import Line
from domain.contacts import rules
from domain.errors import DomainError, ErrorCode
from domain.imports import phones
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = lazily("polars")


_AROUND: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + "\u200b\u2060\ufeff"
# NFC as it stands, single spaces, nothing to strip, nothing invisible.
_PLAIN_LINE: Final = r"^[!-~À-ÖØ-öø-ʯ]+(?: [!-~À-ÖØ-öø-ʯ]+)*$"
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_EMAIL: Final = rf"^{_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{{2,63}}$"
# Names that only the validator can judge, such as `.invalid`.
_LAST: Final = sorted({name.rsplit(".", 1)[-1] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES})
_RESERVED: Final = rf"\.(?:{'|'.join(_LAST)})$"
_YES: Final = frozenset("true yes y 1 t on ja j oui o sí si s subscribed".split())  # noqa: SIM905 - words read better
_NO: Final = frozenset("false no n 0 f off nein non unsubscribed".split())  # noqa: SIM905 - than quotes


@dataclass(slots=True)
class Batch:
    """A batch under way: what was refused so far, by the row's place in it."""

    frame: pl.DataFrame
    refused: dict[int, list[Line]] = field(default_factory=dict)

    def refuse(self, place: int, column: str | None, value: str | None, error: DomainError) -> None:
        """A row that cannot be used."""
        line = Line(int(self.frame["line"][place]), column, value, error.code, error.message)
        self.refused.setdefault(place, []).append(line)

    def cells(self, place: int) -> pl.Series:
        """A column of the file, trimmed; null where nothing is left."""
        stripped = self.frame[str(place)].str.strip_chars(_AROUND)
        return stripped.set(stripped == "", None)

    def judged(
        self,
        given: pl.Series,
        settled: pl.Series,
        plain: pl.Series,
        judge: Callable[[str], Any],
        column: str,
    ) -> pl.Series:
        """`settled` where `plain` holds, else what `judge` makes of `given`; what it refuses is null."""
        doubtful = (given.is_not_null() & ~plain.fill_null(value=False)).arg_true()
        if doubtful.is_empty():
            return settled
        answers: list[Any] = []
        for place, value in zip(doubtful, given.gather(doubtful), strict=True):
            try:
                answers.append(judge(value))
            except DomainError as error:
                answers.append(None)
                self.refuse(place, column, value, error)
        return settled.scatter(doubtful, pl.Series(answers, dtype=settled.dtype))


def line(batch: Batch, given: pl.Series, most: int, judge: Callable[[str], str | None], column: str) -> pl.Series:
    """A name, an external id, a contact type: one line of at most `most` characters."""
    plain = given.str.contains(_PLAIN_LINE) & (given.str.len_chars() <= most)
    return batch.judged(given, given, plain, judge, column)


def email(batch: Batch, given: pl.Series, column: str) -> pl.Series:
    """An email address as it is kept."""
    # At most 64 characters: then neither the local part nor a label can be too long.
    plain = given.str.contains(_PLAIN_EMAIL) & (given.str.len_bytes() <= 64) & ~given.str.contains(_RESERVED)
    return batch.judged(given, given, plain, rules.email, column)


def phone(batch: Batch, given: pl.Series, country: str | None, column: str) -> pl.Series:
    """A phone number in E.164."""
    digits = given.str.replace_all(phones.PUNCTUATION, "")
    if (national := phones.national(country)) is not None:
        at_home = digits.str.contains(national)
        digits = pl.select(pl.when(at_home).then(pl.lit("+1") + digits).otherwise(digits)).to_series()
    plain = digits.str.contains(phones.international())
    return batch.judged(given, digits, plain, lambda value: rules.phone(value, country), column)


def postal(batch: Batch, given: pl.Series, column: str) -> pl.Series:
    """A postal address, its lines kept."""
    plain = given.str.contains(_PLAIN_LINE) & (given.str.len_chars() <= rules.MAX_POSTAL)
    return batch.judged(given, given, plain, rules.postal, column)


def truth(batch: Batch, given: pl.Series, column: str) -> pl.Series:
    """Yes or no, in a few languages; null where the cell is blank."""
    nothing = pl.Series([None], dtype=pl.Boolean).new_from_index(0, len(given))
    words = {word: _truth(word) for word in given.drop_nulls().unique()}
    known = (
        given.replace_strict({k: v for k, v in words.items() if v is not None}, default=None, return_dtype=pl.Boolean)
        if words
        else nothing
    )
    return batch.judged(given, known, known.is_not_null(), _refuse_truth, column)


def _truth(word: str) -> bool | None:
    lowered = word.lower()
    return True if lowered in _YES else False if lowered in _NO else None


def _refuse_truth(_value: str) -> bool:
    raise DomainError(ErrorCode.INVALID, "Write true or false, or leave it blank.")

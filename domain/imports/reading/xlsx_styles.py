"""Which styles of an XLSX show a number as a date or a time (ECMA-376, 18.8.30), and what such a number says."""

import re
from datetime import datetime, timedelta
from typing import IO, Final

from domain.imports.reading.limits import Limits
from domain.imports.reading.xml import Walk, attributes

_BUILT_IN: Final = frozenset(map(str, [*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)]))
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_DATE_PART: Final = re.compile(r"[dmyhs]", re.IGNORECASE)
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet knows no zones


def date_styles(part: IO[bytes], limits: Limits) -> frozenset[str]:
    """The numbers of the cell styles that are dates or times, as cells name them."""
    formats: dict[str, str] = {}
    styles: list[str] = []
    inside = False

    def start(name: str, given: list[str]) -> None:
        nonlocal inside
        if name == "numFmt":
            found = attributes(given)
            formats[found.get("numFmtId", "")] = found.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            styles.append(attributes(given).get("numFmtId", "0"))

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and name != "cellXfs"

    walk = Walk(limits)
    walk.on(start, end)
    walk.over(part)
    return frozenset(str(number) for number, key in enumerate(styles) if _is_date(key, formats))


def moment(serial: float, *, epoch_1904: bool) -> str | None:
    """A serial number as ISO 8601: a date, a date and a time, or a time alone; None when it is no moment."""
    if not 0 <= serial < 2_958_466:
        return None
    # Serial 60 is 29 February 1900, a day that never was: before it, the count is one off.
    days = serial + (1 if not epoch_1904 and 1 <= serial < 60 else 0)
    at = (_EPOCH_1904 if epoch_1904 else _EPOCH) + timedelta(seconds=round(days * 86_400))
    if serial < 1:
        return at.time().isoformat()
    return at.date().isoformat() if serial == int(serial) else at.isoformat(sep=" ")


def _is_date(key: str, formats: dict[str, str]) -> bool:
    code = formats.get(key)
    return key in _BUILT_IN if code is None else _DATE_PART.search(_LITERAL.sub("", code.partition(";")[0])) is not None

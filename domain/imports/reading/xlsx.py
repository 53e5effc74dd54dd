"""The first visible sheet of an XLSX as rows, in bounded memory (ECMA-376). One pass with expat.

The libraries at hand hold a sheet (calamine) or its strings (openpyxl) whole, and an upload may unpack to gigabytes.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from io import BufferedIOBase
from typing import IO, BinaryIO, Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.imports.reading.gunzip import check_unpacked
from domain.imports.reading.kind import not_a_list
from domain.imports.reading.limits import Limits
from domain.imports.reading.xlsx_cells import Row, Sheet
from domain.imports.reading.xlsx_strings import SharedStrings
from domain.imports.reading.xlsx_styles import date_styles
from domain.imports.reading.xml import Walk, attributes, damaged

_DIRECTORY: Final = 1024**2
"""The most that is read of the archive in one go: its directory. A workbook's is a few kilobytes."""
_SMALL: Final = 1024**2
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_STRINGS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"


def rows(file: BinaryIO, limits: Limits) -> Iterator[list[Row]]:
    """The sheet's rows that hold something, a list at a time: (line, cells), cells filled from column A.

    Raises DomainError: INVALID (damaged, no workbook), TOO_LARGE (it unpacks beyond the limits).
    """
    archive = _opened(file)
    _check(archive, limits)
    sheet, epoch_1904 = _first_sheet(archive, limits)
    styles = _small(archive, _STYLES)
    dates = date_styles(styles, limits) if styles else frozenset()
    part = _part(archive, sheet)
    if part is None:
        raise damaged()
    with closing(SharedStrings(_part(archive, _STRINGS), limits)) as strings:
        yield from Sheet(strings, dates, limits, epoch_1904=epoch_1904).rows(part)


class _Guarded(BufferedIOBase):
    """The file, refusing to be read in one piece larger than any workbook's directory."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def read(self, size: int | None = -1) -> bytes:
        most = _DIRECTORY + 1
        piece = self.file.read(most if size is None or size < 0 else min(size, most))
        if len(piece) == most:
            raise invalid("The XLSX file has too many parts.")
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(_Guarded(file))
        names = set(archive.namelist())
    except DomainError:
        raise
    except Exception:  # noqa: BLE001 - zipfile lets what struct and itself raise pass
        raise damaged() from None
    if _WORKBOOK in names:
        return archive
    if "mimetype" in names or "content.xml" in names:
        raise not_a_list("This is an OpenDocument file.")
    if any(name.startswith("word/") for name in names):
        raise not_a_list("This is a text document (DOCX), not a list.")
    raise not_a_list("This is a ZIP archive: take the list out of it.")


def _check(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Refuse a workbook whose parts would unpack beyond the limits; zipfile holds each to the size it declares."""
    for part in archive.infolist():
        if part.filename.startswith("xl/") and part.filename.endswith(".xml"):
            check_unpacked(part.file_size, part.compress_size, limits)


def _part(archive: zipfile.ZipFile, name: str) -> IO[bytes] | None:
    with suppress(KeyError):
        try:
            return archive.open(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
            raise damaged() from None
    return None


def _small(archive: zipfile.ZipFile, name: str) -> IO[bytes] | None:
    part = _part(archive, name)
    if part is not None and archive.getinfo(name).file_size > _SMALL:
        raise DomainError(ErrorCode.TOO_LARGE, "The XLSX file has too many parts.")
    return part


def _first_sheet(archive: zipfile.ZipFile, limits: Limits) -> tuple[str, bool]:
    """The path of the first sheet that is not hidden, and whether its dates count from 1904."""
    sheets: list[dict[str, str]] = []
    book: dict[str, str] = {}

    for name, found in _elements(_small(archive, _WORKBOOK), limits):
        if name == "sheet":
            sheets.append(found)
        elif name == "workbookPr":
            book.update(found)
    shown = [sheet for sheet in sheets if sheet.get("state", "visible") == "visible"] or sheets
    links = _elements(_small(archive, _RELATIONS), limits)
    targets = {found.get("Id", ""): found.get("Target", "") for name, found in links if name == "Relationship"}
    if not shown:
        raise damaged()
    target = targets.get(shown[0].get("id", ""), "worksheets/sheet1.xml")
    path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return path, book.get("date1904") in ("1", "true")


def _elements(part: IO[bytes] | None, limits: Limits) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    if part is not None:
        walk = Walk(limits)
        walk.on(lambda name, given: found.append((name, attributes(given))))
        walk.over(part)
    return found

"""Workbooks."""

import io
import zipfile
from datetime import UTC, date, datetime, time

import pytest
import xlsxwriter

from domain.errors import DomainError
from tests.domain.imports.lists import HEADER, ROWS, cells_of, rows_of, table_of, xlsx_of


def edited(raw: bytes, **parts: bytes) -> bytes:
    """A workbook with some of its parts (by the file's stem) replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            stem = name.rsplit("/", 1)[-1].partition(".")[0]
            new.writestr(name, parts.get(stem, old.read(name)))
    return buffer.getvalue()


def test_a_workbook_reads_like_a_csv() -> None:
    """The first sheet's rows, with the numbers they have there."""
    table = table_of(xlsx_of([HEADER, *ROWS]))
    assert (table.encoding, table.delimiter, table.header) == ("XLSX", "", tuple(HEADER))
    assert rows_of(table) == [(2, ROWS[0]), (3, ROWS[1])]


def test_values_as_a_person_sees_them() -> None:
    """Whole numbers without a point, phone numbers without an exponent, dates in ISO 8601, booleans as words."""
    when = datetime(2026, 11, 5, 14, 30, tzinfo=UTC).replace(tzinfo=None)
    raw = xlsx_of(
        [
            ["Email", "a", "b", "c", "d", "e", "f"],
            ["a@example.org", 42.0, 491701234567, 0.1, True, date(2026, 11, 5), when],
        ]
    )
    assert cells_of(raw) == [
        ["a@example.org", "42", "491701234567", "0.1", "true", "2026-11-05", "2026-11-05 14:30:00"]
    ]


def test_dates_that_count_from_1904_and_times() -> None:
    """The other epoch that old Macs wrote, and a time of the day alone."""
    raw = xlsx_of([["Email", "Day"], ["a@example.org", date(2026, 11, 5)]], date_1904=True)
    assert cells_of(raw) == [["a@example.org", "2026-11-05"]]
    assert cells_of(xlsx_of([["Email", "At"], ["a@example.org", time(14, 30)]])) == [["a@example.org", "14:30:00"]]


def test_gaps_hidden_sheets_formulas_and_rich_text() -> None:
    """Empty cells and rows leave gaps, a hidden sheet is passed over, a formula counts with its result."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        hidden, shown = book.add_worksheet("Old"), book.add_worksheet("List")
        shown.activate()
        hidden.hide()
        hidden.write_row(0, 0, ["Secret"])
        shown.write_row(0, 0, ["Email", "", "City"])
        shown.write_string(4, 0, "a@example.org")
        shown.write_rich_string(4, 2, "Ba", book.add_format({"bold": True}), "th")
        shown.write_formula(5, 0, '="b@"&"example.org"', value="b@example.org")
        shown.write_string(5, 2, "tab\there _x0041_")
    table = table_of(buffer.getvalue())
    assert table.header == ("Email", "Column 2", "City")
    assert rows_of(table) == [(5, ["a@example.org", "", "Bath"]), (6, ["b@example.org", "", "tab\there _x0041_"])]


def test_inline_strings_prefixes_and_missing_references() -> None:
    """Other programs' workbooks: strings in the cell, a namespace prefix, cells and rows without numbers."""
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row><x:c t="inlineStr"><x:is><x:t>Email</x:t></x:is></x:c><x:c t="str"><x:v>City</x:v></x:c></x:row>'
        '<x:row><x:c t="inlineStr"><x:is><x:r><x:t>a@</x:t></x:r><x:r><x:t>example.org</x:t></x:r></x:is></x:c>'
        '<x:c t="e"><x:v>#N/A</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    table = table_of(edited(xlsx_of([["x"]]), sheet1=sheet.encode()))
    assert table.header == ("Email", "City")
    assert rows_of(table) == [(2, ["a@example.org", ""])]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"sheet1": b"<worksheet><sheetData><row><c"}, "damaged"),
        ({"workbook": b"not xml"}, "damaged"),
        ({"sheet1": b'<worksheet><row r="0"><c r="A1"><v>1</v></c></row></worksheet>'}, "damaged"),
        ({"sheet1": b'<worksheet><row><c r="A1" t="s"><v>x</v></c></row></worksheet>'}, "damaged"),
        ({"sheet1": b'<worksheet><row><c r="1A"><v>1</v></c></row></worksheet>'}, "damaged"),
        ({"sheet1": b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet>&a;</worksheet>'}, "document type"),
        ({"sheet1": b"<worksheet/>"}, "empty"),
    ],
)
def test_damaged_workbooks(parts: dict[str, bytes], words: str) -> None:
    """A workbook that cannot be read says so, and what to do."""
    with pytest.raises(DomainError, match=words):
        table_of(edited(xlsx_of([["Email"], ["a@example.org"]]), **parts))


def test_cut_off() -> None:
    """A workbook that was cut off in the transfer is called damaged."""
    raw = xlsx_of([HEADER, *ROWS * 100])
    with pytest.raises(DomainError, match="damaged"):
        table_of(raw[: len(raw) // 2])

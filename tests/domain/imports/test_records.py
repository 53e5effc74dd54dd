"""Rows out of text: quotes, ragged rows, and the two ways of reading that must agree."""

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.imports.reading import records
from domain.imports.reading.dialect import Dialect
from tests.domain.imports.lists import cells_of, csv_of, rows_of, table_of

CELL = st.text(st.sampled_from('ab é,;"\n\r\t'), max_size=6)


def test_cells_with_everything_in_them() -> None:
    """Delimiters, quotes and line breaks inside quoted cells are part of the value."""
    text = 'Email,Note\na@example.org,"one, ""two""\nthree"\nb@example.org,"""x"""\n'
    assert rows_of(table_of(text.encode())) == [
        (2, ["a@example.org", 'one, "two"\nthree']),
        (4, ["b@example.org", '"x"']),
    ]


def test_quotes_that_are_no_quotes() -> None:
    """A quote inside a value that was not quoted is a character like any other."""
    raw = b'Email,Size\na@example.org,5" pipe\nb@example.org,"ok"\n'
    assert cells_of(raw) == [["a@example.org", '5" pipe'], ["b@example.org", "ok"]]


def test_rows_of_other_lengths() -> None:
    """Short rows are filled up; long ones are marked, unless what they have too much is blank."""
    frame = next(table_of(b"Email,City\na@example.org\nb@example.org,Bath,x\nc@example.org,Bath,, \n").batches())
    assert frame["1"].to_list() == ["", "Bath", "Bath"]
    assert frame["excess"].to_list() == [False, True, False]


def test_a_quote_that_is_never_closed() -> None:
    """The line where such a quote opens is named."""
    with pytest.raises(DomainError, match=r"Line 3\b.*quote"):
        rows_of(table_of(b'Email,City\na@example.org,Bath\nb@example.org,"Ba\nc@example.org,Bath\n'))


def test_the_same_batches_each_time() -> None:
    """However often a list is read, its batches are the same: a worker can go on where another was killed."""
    table = table_of(
        csv_of([["Email", "Note"], *([f"p{n}@example.org", "a\nb" * (n % 3)] for n in range(500))]).encode()
    )
    first = [frame["line"].to_list() for frame in table.batches(64)]
    assert first == [frame["line"].to_list() for frame in table.batches(64)]
    assert [len(lines) for lines in first] == [64] * 7 + [52]


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=12), st.integers(20, 60))
def test_any_rows_come_back(rows: list[list[str]], chunk: int) -> None:
    """What was written as CSV is read again, wherever the chunks are cut, with the line where each row begins."""
    rows = [["k@example.org " + one, two] for one, two in rows]
    text = csv_of([["Email", "Note"], *rows])
    with patch.object(records, "_CHUNK", chunk):
        found = rows_of(table_of(text.encode()))
    unified = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
    assert [cells for _, cells in found] == unified
    breaks = [sum(cell.count("\n") for cell in row) + 1 for row in unified]
    assert [line for line, _ in found] == [2 + sum(breaks[:place]) for place in range(len(rows))]


@settings(deadline=None)
@given(st.text(st.sampled_from('ab é,"\n'), max_size=60))
def test_both_ways_of_reading_agree(text: str) -> None:
    """Whatever polars is trusted with, Python's csv module reads the same."""
    text = f"{text}\n"
    dialect = Dialect(",", 0, ("a", "b", "c"), headless=True)
    frame = records._plain(text, 1, dialect)
    if frame is None:
        return
    rows = [[*row, "", "", ""][:3] for row in csv.reader(io.StringIO(text, newline="\n"))]
    numbered = [(line, *row) for line, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    assert frame.drop("excess").rows() == numbered

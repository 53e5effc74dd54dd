"""Delimiters and headers."""

import pytest

from domain.errors import DomainError
from tests.domain.imports.lists import HEADER, ROWS, cells_of, csv_of, table_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_delimiter_and_line_end(delimiter: str, end: str) -> None:
    """A list reads the same with every delimiter and line end in use."""
    table = table_of(csv_of([HEADER, *ROWS], delimiter, end).encode())
    assert table.delimiter == delimiter
    assert cells_of(csv_of([HEADER, *ROWS], delimiter, end).encode()) == ROWS


def test_commas_inside_values_do_not_make_a_delimiter() -> None:
    """In a list with semicolons, the commas of decimals and names are no delimiters."""
    table = table_of("Email;Name;Umsatz\na@example.org;Müller, Ann;1,50\nb@example.org;Wu, Bo;2,75\n".encode())
    assert (table.delimiter, table.header) == (";", ("Email", "Name", "Umsatz"))


def test_a_line_that_names_the_delimiter() -> None:
    """The `sep=` line that Excel reads is obeyed, and is no header; lines are counted with it."""
    table = table_of(b"sep=;\r\nEmail;City, town\r\na@example.org;Bath\r\n")
    assert table.header == ("Email", "City, town")
    assert next(table.batches())["line"].to_list() == [3]


def test_headers_are_made_unique() -> None:
    """A second column of a name is numbered, a nameless one with values is called by its place."""
    table = table_of(b" Email ,email,Email (2),,\na@example.org,b@example.org,c@example.org,x,\n")
    assert table.header == ("Email", "email (3)", "Email (2)", "Column 4")


def test_a_list_without_a_header() -> None:
    """A list that begins with data has its first line among the rows."""
    table = table_of(b"ann@example.org,Ann\nbob@example.org,Bob\n")
    assert (table.headless, table.header) == (True, ("Column 1", "Column 2"))
    assert cells_of(b"ann@example.org\nbob@example.org\n") == [["ann@example.org"], ["bob@example.org"]]


def test_blank_lines_are_no_rows() -> None:
    """Blank lines, and rows of nothing but delimiters and spaces, are left out and still counted as lines."""
    table = table_of("\n \nEmail,City\n\n,\na@example.org,Bath\n\xa0, \t\n".encode())
    assert next(table.batches())["line"].to_list() == [6]


@pytest.mark.parametrize("raw", [b"", b"\n\n \r\n", b"\xef\xbb\xbf", b"\0\0\0\0"])
def test_nothing_at_all(raw: bytes) -> None:
    """An empty or blank file is refused in words."""
    with pytest.raises(DomainError, match=r"empty|blank"):
        table_of(raw)

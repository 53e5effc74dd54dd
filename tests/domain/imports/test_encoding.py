"""Encodings, as files come in them."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.imports.reading.encoding import decoded, sniff
from tests.domain.imports.lists import HEADER, ROWS, cells_of, csv_of, table_of

TEXT = csv_of([HEADER, *ROWS])


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (TEXT.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "UTF-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16 LE"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16 BE"),
        (TEXT.encode("utf-16-le"), "UTF-16 LE"),
        (TEXT.encode("utf-16-be"), "UTF-16 BE"),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (b"Email\nann@example.org\n", "UTF-8"),
    ],
)
def test_each_encoding_is_recognised(raw: bytes, name: str) -> None:
    """With its byte order mark or without, a list reads the same in every encoding that people have."""
    table = table_of(raw)
    assert table.encoding == name
    assert table.header[0] == "Email"
    if len(table.header) == len(HEADER):
        assert cells_of(raw) == ROWS


def test_windows_1252_that_shows_late() -> None:
    """A list whose first megabyte is ASCII may still be Windows-1252, and its umlauts come out right."""
    raw = b"Email,City\n" + b"ann@example.org,Bath\n" * 60_000 + "jörg@example.org,Köln\n".encode("cp1252")
    assert cells_of(raw)[-1] == ["jörg@example.org", "Köln"]


def test_two_encodings_in_one_file() -> None:
    """Where somebody pasted Windows-1252 into UTF-8, both are read as they were meant."""
    raw = "Email,City\nann@example.org,Zürich\n".encode() + "jörg@example.org,Köln\n".encode("cp1252")
    assert cells_of(raw) == [["ann@example.org", "Zürich"], ["jörg@example.org", "Köln"]]


def test_nul_is_left_out() -> None:
    """NUL characters, which no database takes, are left out."""
    assert cells_of(b"Email,City\nann@example.org,Ba\0th\n") == [["ann@example.org", "Bath"]]


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(1, 7))
def test_no_bytes_are_an_error(raw: bytes, size: int) -> None:
    """Any bytes at all, cut anywhere, become some text."""
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert isinstance("".join(decoded(pieces, sniff(raw))), str)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"])), st.integers(1, 7))
def test_utf_8_is_read_exactly(text: str, size: int) -> None:
    """UTF-8, cut anywhere, comes out as it went in."""
    raw = text.encode()
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert "".join(decoded(pieces, "UTF-8")) == text

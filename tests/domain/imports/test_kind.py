"""Files that are no lists, and compressed ones."""

import gzip
import io
import zipfile

import pytest

from domain.errors import DomainError
from tests.domain.imports.lists import HEADER, ROWS, cells_of, csv_of, table_of, xlsx_of, zipped


def archive(*names: str) -> bytes:
    """A ZIP archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as new:
        for name in names:
            new.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old Excel file \(.xls\) or one with a password"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"  <!DOCTYPE html><html>", "web page"),
        (b'\n{"email": "a@example.org"}', "JSON"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "vCards"),
        (bytes(range(1, 256)) * 20, "not text"),
        (archive("list.csv"), "ZIP archive"),
        (archive("mimetype", "content.xml"), "OpenDocument"),
        (archive("word/document.xml"), "DOCX"),
        (gzip.compress(b"%PDF-1.7\n"), "PDF"),
        (gzip.compress(zipped("Email\n")), "twice"),
        (gzip.compress(xlsx_of([["Email"]])), "twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_says_so(raw: bytes, words: str) -> None:
    """A file that is not a list is named for what it is."""
    with pytest.raises(DomainError, match=words):
        table_of(raw)


def test_gzip_of_several_members() -> None:
    """Members one behind the other are one text, and padding behind them is nothing."""
    text = csv_of([HEADER, *ROWS])
    raw = zipped(text[:20]) + zipped(text[20:]) + b"\0" * 100
    assert table_of(raw).compressed
    assert cells_of(raw) == ROWS


@pytest.mark.parametrize("cut", [1, 4, 11])
def test_gzip_cut_off_or_damaged(cut: int) -> None:
    """A compressed file that is cut off, or has a wrong byte, is no list."""
    raw = zipped(csv_of([HEADER, *ROWS]))
    with pytest.raises(DomainError, match="cut off"):
        cells_of(raw[:-cut])
    with pytest.raises(DomainError, match="damaged"):
        cells_of(raw[:-cut] + bytes([raw[-cut] ^ 255]) + raw[len(raw) - cut + 1 :])

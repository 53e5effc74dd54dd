"""What a file is by its first bytes, whatever its name says; and words for what is no list."""

from typing import Final

from domain.errors import DomainError, invalid

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_SAVE = "Save the list as CSV or XLSX and upload that."
_MAGIC: Final = (
    (b"%PDF", "This is a PDF, not a list."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls) or one with a password."),
    (b"PK\x05\x06", "This is an empty archive, not a list."),
    (b"\x89PNG", "This is a picture, not a list."),
    (b"\xff\xd8\xff", "This is a picture, not a list."),
    (b"GIF8", "This is a picture, not a list."),
    (b"{\\rtf", "This is a text document (RTF), not a list."),
    (b"Rar!", "This is a RAR archive, not a list."),
    (b"7z\xbc\xaf", "This is a 7-Zip archive, not a list."),
    (b"BZh", "This is compressed with bzip2; gzip can be read."),
    (b"\xfd7zXZ", "This is compressed with xz; gzip can be read."),
    (b"\x28\xb5\x2f\xfd", "This is compressed with zstd; gzip can be read."),
    (b"SQLite format 3", "This is a database file, not a list."),
    (b"PAR1", "This is a Parquet file."),
    (b"\x7fELF", "This is a program, not a list."),
    (b"MZ\x90", "This is a program, not a list."),
    (b"ID3", "This is a sound file, not a list."),
)
_OPENINGS: Final = (
    ("<!doctype html", "This is a web page, not a list."),
    ("<html", "This is a web page, not a list."),
    ("<?xml", "This is an XML file, not a list."),
    ("begin:vcard", "These are vCards, not a list."),
    ("begin:vcalendar", "This is a calendar, not a list."),
    ("from: ", "This is an email message, not a list."),
    ("received: ", "This is an email message, not a list."),
    ('{"', "This is JSON, not a list."),
    ("[{", "This is JSON, not a list."),
)


def check_bytes(head: bytes) -> None:
    """Raise DomainError INVALID for an empty file, and for one whose first bytes are those of no list."""
    if not head:
        raise invalid("The file is empty.")
    for magic, words in _MAGIC:
        if head.startswith(magic):
            raise not_a_list(words)


def check_text(head: str) -> None:
    """Raise DomainError INVALID for text that is no list: blank, a web page, JSON, or full of control characters."""
    text = head.lstrip()
    if not text:
        raise invalid("The file holds nothing but blank lines.")
    for opening, words in _OPENINGS:
        if "".join(text[:40].split("\n")).lower().startswith(opening):
            raise not_a_list(words)
    if sum(char < " " and char not in "\t\n\r\0" for char in head) * 50 > len(head):
        raise not_a_list("This is not text, so it cannot be a list.")


def not_a_list(words: str) -> DomainError:
    """A refusal that says what the file is, and what to do."""
    return invalid(f"{words} {_SAVE}")

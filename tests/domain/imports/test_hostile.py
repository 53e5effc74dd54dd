"""Files made to hurt: each costs bounded memory and time, and a clear message. Each is read in a process of its own."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.domain.imports.lists import xlsx_of

MEGABYTE = 1024**2
MOST = 300 * MEGABYTE
READ = r"""
import json, re, sys, time
from domain.errors import DomainError
from domain.imports.reading.table import read_table
import polars
polars.DataFrame({"a": ["b"]})
before = time.process_time()
words, rows = None, 0
try:
    with open(sys.argv[1], "rb") as file:
        for frame in read_table(file).batches():
            rows += frame.height
except DomainError as error:
    words = error.message
# Not getrusage: that counts what the parent held before it became this program.
peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) * 1024
print(json.dumps([words, rows, peak, time.process_time() - before]))
"""


def read(path: Path, seconds: float = 60) -> tuple[str | None, int]:
    """Read a file to its end in a new process: what it was refused with, and how many rows came before.

    Fails when that took more than 300 MB, Python and polars included, or too long.
    """
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    words, rows, peak, taken = json.loads(done.stdout)
    assert peak < MOST
    assert taken < seconds
    return words, rows


def packed(path: Path, beginning: bytes, filling: bytes, members: int) -> Path:
    """A gzip file: a beginning, then one member again and again."""
    again = gzip.compress(filling)
    with path.open("wb") as file:
        file.write(gzip.compress(beginning))
        for _ in range(members):
            file.write(again)
    return path


@pytest.mark.parametrize("filling", [b"\0", b"\n", b",", b'"', b"a@example.org,x\n"])
def test_a_gzip_bomb_of_ten_gigabytes(tmp_path: Path, filling: bytes) -> None:
    """It is refused once it has unpacked to more than any list would, long before it is unpacked."""
    block = filling * (16 * MEGABYTE // len(filling))
    path = packed(tmp_path / "bomb.gz", b"Email,City\n", block, 640)
    assert path.stat().st_size < 64 * MEGABYTE
    words, _ = read(path)
    assert words is not None
    assert any(part in words for part in ("unpacks to more than", "no list", "longer than"))


def test_a_line_of_a_gigabyte(tmp_path: Path) -> None:
    """It is refused by its length, after two megabytes of it."""
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.write(b"Email,City\na@example.org,")
        for _ in range(1024):
            file.write(b"x" * MEGABYTE)
    assert read(path) == ("Line 2: it is longer than 2,097,152 characters, so this is no list.", 0)


def test_a_quote_that_swallows_a_gigabyte(tmp_path: Path) -> None:
    """A quote that is never closed is found by the length of its cell, not by the end of the file."""
    path = tmp_path / "quote.csv"
    with path.open("wb") as file:
        file.write(b'Email,City\na@example.org,"')
        for _ in range(1024):
            file.write(b"b@example.org,Bath\n" * (MEGABYTE // 19))
    words, rows = read(path)
    assert (words, rows) == ("Line 2: a cell is longer than 131,072 characters. Is a quote never closed?", 0)


def test_a_record_of_endless_lines(tmp_path: Path) -> None:
    """A record whose every cell is short, but which never ends, is refused too."""
    path = tmp_path / "record.csv"
    path.write_bytes(b"Email,City\n" + b'a@example.org,"x\n' + b'y","x\n' * 3_000_000)
    words, _ = read(path)
    assert words is not None
    assert "Line 2" in words


@pytest.mark.parametrize("text", ["Email" + ",x" * 1_000_000, "Email\na@example.org" + ",x" * 1_000_000])
def test_a_million_columns(tmp_path: Path, text: str) -> None:
    """A header that wide is refused by its number of columns; a row that wide is marked, or refused by its length."""
    path = tmp_path / "wide.csv"
    path.write_text(f"{text}\n" + "b@example.org\n" * 100)
    words, rows = read(path)
    assert (words is not None and "columns" in words) or rows == 101


def test_a_formula_in_each_cell(tmp_path: Path) -> None:
    """Formulas are text like any other, in a CSV and in a workbook."""
    path = tmp_path / "formulas.csv"
    path.write_text("Email,City\n" + '=HYPERLINK("http://x","y"),=cmd|\'/c calc\'!A1\n' * 200_000)
    words, rows = read(path)
    assert (words, rows) == (None, 200_000)


def test_a_workbook_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    """It is refused by what its directory says, and what the directory hides is not read."""
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_of([["Email"]]))) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if not name.endswith("sheet1.xml"):
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for _ in range(300):
                sheet.write(b"<row/>" * (MEGABYTE // 6))
    words, _ = read(path)
    assert words is not None
    assert "unpacks to more than" in words


@pytest.mark.parametrize(
    "sheet",
    [
        b'<worksheet><sheetData><row><c r="A1" t="str"><v>' + b"x" * 60 * MEGABYTE,
        b'<worksheet><sheetData><row r="' + b"1" * 60 * MEGABYTE,
        b"<worksheet><sheetData><!--" + b"x" * 60 * MEGABYTE,
        b'<worksheet><sheetData><row><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData></worksheet>',
        b"<worksheet><sheetData><row>" + b'<c t="str"><v>x</v></c>' * 2_000_000 + b"</row></sheetData></worksheet>",
        b"<worksheet><sheetData>" + b"<a>" * 10_000_000,
    ],
    ids=["cell", "attribute", "comment", "corner", "columns", "depth"],
)
def test_workbooks_made_to_hurt(tmp_path: Path, sheet: bytes) -> None:
    """A cell, an attribute, a comment, a row or a depth beyond all measure costs no more than any list."""
    path = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(io.BytesIO(xlsx_of([["Email"]]))) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    words, _ = read(path)
    assert words is not None


def test_a_workbook_of_a_million_parts(tmp_path: Path) -> None:
    """A directory larger than any workbook's is not read."""
    path = tmp_path / "parts.xlsx"
    with zipfile.ZipFile(path, "w") as new:
        for number in range(30_000):
            new.writestr(f"xl/{number}.xml", b"")
    words, _ = read(path)
    assert words == "The XLSX file has too many parts."

"""previewImport."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.api.test_create_upload import announced, sent
from tests.domain.imports.lists import HEADER, ROWS, csv_of, xlsx_of, zipped

PREVIEW = """
query($source: ImportSourceInput!, $columns: [ImportColumnInput!]) {
  previewImport(source: $source, columns: $columns) {
    rows encoding delimiter header columns { column field } sample problems { line column code message }
    userErrors { code field message }
  }
}
"""


async def preview(api: Client, source: dict[str, Any], columns: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A preview that can be read."""
    seen = await looked(api, source, columns)
    assert seen["userErrors"] == []
    return seen


async def looked(api: Client, source: dict[str, Any], columns: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A preview, refused or not."""
    seen: dict[str, Any] = (await api.query(PREVIEW, source=source, columns=columns))["previewImport"]
    return seen


def fields(seen: dict[str, Any]) -> list[str | None]:
    """What the columns are taken for."""
    return [column["field"] for column in seen["columns"]]


@pytest.mark.parametrize(
    ("raw", "encoding", "delimiter"),
    [
        (csv_of([HEADER, *ROWS]).encode(), "UTF-8", ","),
        (csv_of([HEADER, *ROWS], ";", "\r\n").encode("utf-16"), "UTF-16 LE", ";"),
        (csv_of([HEADER, *ROWS], "\t", "\r").encode("cp1252"), "Windows-1252", "\t"),
        (zipped(csv_of([HEADER, *ROWS], "|")), "UTF-8", "|"),
        (xlsx_of([HEADER, *ROWS]), "XLSX", ""),
    ],
    ids=["csv", "utf-16", "windows", "gzip", "xlsx"],
)
async def test_an_upload_of_each_kind(api: Client, raw: bytes, encoding: str, delimiter: str) -> None:
    """Whatever a list was announced as, it is read for what it is."""
    upload = await announced(api)
    await sent(upload["url"], raw)
    seen = await preview(api, {"upload": upload["id"]})
    assert (seen["rows"], seen["encoding"], seen["delimiter"]) == (2, encoding, delimiter)
    assert (seen["header"], seen["sample"]) == (HEADER, ROWS)
    assert fields(seen) == ["email", "first_name", None]
    assert seen["problems"] == []


async def test_nothing_is_imported(api: Client) -> None:
    """A preview leaves no contact and no operation."""
    await preview(api, {"csv": "Email\nann@example.org\n"})
    data = await api.query("{ contacts { totalCount } bulkOperations { nodes { id } } }")
    assert data == {"contacts": {"totalCount": 0}, "bulkOperations": {"nodes": []}}


async def test_a_text_inside_the_request(api: Client) -> None:
    """Values are shown trimmed, also of the space that cannot be seen."""
    seen = await preview(api, {"csv": "E-Mail;Vorname\n \xa0ann@example.org\u200b; Ann \n"})
    assert (fields(seen), seen["sample"]) == (["email", "first_name"], [["ann@example.org", "Ann"]])


async def test_topics_are_the_account_s(api: Client) -> None:
    """A topic column is taken for one only when the account has the topic."""
    seen = await preview(api, {"csv": "email,topic:newsletter,topic:unheard_of\na@example.org,true,true\n"})
    assert fields(seen) == ["email", "topic:newsletter", None]


async def test_columns_as_the_person_says(api: Client) -> None:
    """Columns that are named go where they are sent, the others nowhere."""
    text = "Mail,City\na@example.org,Bath\n"
    seen = await preview(api, {"csv": text}, [{"column": "City", "field": "attribute:city"}])
    assert fields(seen) == [None, "attribute:city"]
    assert [problem["code"] for problem in seen["problems"]] == ["REQUIRED"]


async def test_columns_that_cannot_be(api: Client) -> None:
    """Each column that is wrong is named by its place in the request."""
    columns = [
        {"column": "Town", "field": "attribute:city"},
        {"column": "City", "field": "town"},
        {"column": "City", "field": "topic:unheard_of"},
        {"column": "Mail", "field": "email"},
        {"column": "Mail", "field": "email2"},
        {"column": "City", "field": "email"},
    ]
    seen = await looked(api, {"csv": "Mail,City\na@example.org,Bath\n"}, columns)
    assert [(error["code"], error["field"]) for error in seen["userErrors"]] == [
        ("NOT_FOUND", ["columns", "0", "column"]),
        ("INVALID", ["columns", "1", "field"]),
        ("INVALID", ["columns", "2", "field"]),
        ("DUPLICATE", ["columns", "4", "column"]),
        ("DUPLICATE", ["columns", "5", "field"]),
    ]
    assert (seen["header"], seen["rows"]) == ([], 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ann@example.org,Ann\n", ("REQUIRED", 1, None, "not a header")),
        ("Name,City\nAnn,Bath\n", ("REQUIRED", None, None, "email addresses")),
        ("Email,City\n", ("REQUIRED", None, None, "no row")),
        ("Email,Email\na@example.org,b@example.org\n", ("DUPLICATE", None, "Email (2)", "Two columns")),
        ("Email,\na@example.org,x\n", ("REQUIRED", None, "Column 2", "no name")),
        ("Email,City\na@example.org,Bath,x\n", ("INVALID", 2, None, "more cells")),
        ("Email,Status\na@example.org,on\nb@example.org,Unsubscribed\n", ("OPTED_OUT", 3, "Status", "unsubscribed")),
        ("Email,City\na@example.org,MÃ¼nchen\n", ("INVALID", 2, "City", "garbled")),
        ("Email,City\na@example.org,x\nno address,y\n", ("INVALID", 3, "Email", "")),
        ("Email,Mobile\na@example.org,12\n", ("INVALID", 2, "Mobile", "")),
    ],
)
async def test_problems(api: Client, text: str, problem: tuple[str, int | None, str | None, str]) -> None:
    """What is wrong is said in words, with its line and column where it has them."""
    code, line, column, words = problem
    seen = await preview(api, {"csv": text})
    found = [one for one in seen["problems"] if (one["code"], one["line"], one["column"]) == (code, line, column)]
    assert found, seen["problems"]
    assert words in found[0]["message"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({"csv": " \n"}, ("INVALID", ["source", "csv"])),
        ({"csv": "é" * 140_000}, ("TOO_LARGE", ["source", "csv"])),
        ({"csv": "<html><body>"}, ("INVALID", ["source"])),
        ({"csv": ",".join(f"c{n}" for n in range(501)) + "\n"}, ("TOO_LARGE", ["source"])),
        ({"upload": "x"}, ("NOT_FOUND", ["source", "upload"])),
    ],
)
async def test_what_cannot_be_read(api: Client, source: dict[str, str], error: tuple[str, list[str]]) -> None:
    """No list, too large, or not there: a refusal in words and no preview."""
    (found,) = (await looked(api, source))["userErrors"]
    assert (found["code"], found["field"]) == error


async def test_an_upload_of_others_or_without_its_file(api: Client, other: Client) -> None:
    """Another account's upload is not there; one whose file was not sent says so."""
    upload = await announced(api)
    (found,) = (await looked(api, {"upload": upload["id"]}))["userErrors"]
    assert found["code"] == "REQUIRED"
    await sent(upload["url"])
    (found,) = (await looked(other, {"upload": upload["id"]}))["userErrors"]
    assert found["code"] == "NOT_FOUND"

"""docs/rules.md says what `decide` does."""

from tests.house.rules_tables import DOCUMENT, render, written


def test_the_documents_tables_are_what_decide_answers() -> None:
    """Every table of docs/rules.md stands as `decide` makes it."""
    text = DOCUMENT.read_text()
    assert all(table in text for table in render().values())
    assert written(text) == text

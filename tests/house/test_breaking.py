"""A change that breaks clients fails the checks until the changelog names it."""

import pytest

from cli.breaking import unsaid

RELEASED = """
type Query { a(x: Int): Int b: Int kept(i: I): T }
enum E { A B } input I { z: Int e: E } type T { q: Int } type Gone { q: Int } directive @d(a: Int) on FIELD
"""
NOW = """
type Query { a(x: Int!): Int b: String kept(i: I): T new: Int }
enum E { A } input I { z: Int e: E w: Int! } type T { q: Int }
"""
CHANGES = ("Gone", "Query.a(x:)", "Query.b", "E.B", "I.w", "@d")


def changelog(*names: str, title: str = "Breaking") -> str:
    """A changelog whose unreleased part names these."""
    named = "\n".join(f"- `{name}` is another now." for name in names)
    unreleased = f"## [Unreleased]\n\n### {title}\n\n{named}\n\n### Fixed\n\n- `Nothing`"
    return f"# Changelog\n\n{unreleased}\n\n## [0.1.0]\n\n### Breaking\n\n- `E.B`\n"


def test_what_breaks_is_found() -> None:
    """Types, fields, arguments, values, inputs and directives; what is new breaks nobody."""
    assert len(unsaid(RELEASED, NOW, changelog())) == len(CHANGES)
    assert unsaid(RELEASED, RELEASED + "type New { q: Int }", changelog()) == []


@pytest.mark.parametrize("name", CHANGES)
def test_each_has_to_be_named(name: str) -> None:
    """Naming all but one leaves that one; naming it elsewhere, or in an older release, does not count."""
    (left,) = unsaid(RELEASED, NOW, changelog(*(one for one in CHANGES if one != name)))
    assert name.strip("@") in left
    assert len(unsaid(RELEASED, NOW, changelog(*CHANGES, title="Changed"))) == len(CHANGES)
    assert unsaid(RELEASED, NOW, changelog(*CHANGES)) == []

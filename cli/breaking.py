"""What a schema takes away from those who build on the released one, and whether the changelog says so."""

import re

from graphql import build_schema
from graphql.utilities import find_breaking_changes

_UNRELEASED = re.compile(r"^## \[Unreleased\]$(.*?)(?=^## \[|\Z)", re.MULTILINE | re.DOTALL)
_BREAKING = re.compile(r"^### Breaking$(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)


def unsaid(released: str, now: str, changelog: str) -> list[str]:
    """Each breaking change that the changelog does not name under Unreleased, Breaking; in words.

    To name one is to write as code what it is about: `Group`, `Contact.name`, `Channel.POST`,
    `Query.contacts(search:)`.
    """
    changes = find_breaking_changes(build_schema(released), build_schema(now))
    said = _said(changelog)
    return [change.description for change in changes if _about(change.description) not in said]


def _said(changelog: str) -> set[str]:
    """The names in backquotes that stand under Breaking."""
    unreleased = _UNRELEASED.search(changelog)
    breaking = _BREAKING.search(unreleased[1]) if unreleased else None
    return set(re.findall(r"`([^`]+)`", breaking[1])) if breaking else set()


def _about(description: str) -> str:
    """What a change is about, as its description says: `Query.a(x:)`, `E.B`, `@d`, or a type's name at the start."""
    found = re.search(r"\w+\.\w+(\(\w+:\))?|@\w+", description) or re.match(r"\w+", description)
    return found[0] if found else description

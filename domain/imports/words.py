"""What a report says to the person who brought the list."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from domain.errors import ErrorCode

_WORDS: Final[dict[str, str]] = {
    ErrorCode.OPTED_OUT: "The person opted out; an import never reverses that.",
    ErrorCode.SUPPRESSED: "The address was opted out or erased before, and comes back opted out.",
    ErrorCode.CONTACT_ARCHIVED: "The contact is archived: its permission stays as it is.",
    ErrorCode.LOCKED: "The person opted out, and the account's policy locks their details.",
    ErrorCode.NOT_PERMITTED: "The import states no permission, so nobody is opted in.",
    "DUPLICATE": "A later row of the list names the same contact; that one was taken.",
    "SKIP": "The contact exists, and the import leaves existing contacts as they are.",
    "NOBODY": "The row has no address that could be used, and no contact has its id.",
}


def words_of(kind: str, contacts: Sequence[UUID] = ()) -> str:
    """The words for a code, or for why a row was set aside; contacts are named by their ids."""
    if kind == "CONFLICT":
        if len(contacts) == 2:
            return f"The row names two contacts: {contacts[0]} and {contacts[1]}."
        named = f", one of them {contacts[0]}" if contacts else ""
        return f"Several contacts are named by the row{named}: say which by an email address or an id."
    return _WORDS.get(kind, "")

"""What a line of a report says of a refusal: the same code means another thing in another kind of operation."""

from typing import Final

from domain.bulk.values import BulkKind
from domain.confirmations.request import WORDS as OF_CONFIRMATIONS
from domain.consent.words import WORDS
from domain.contacts.rules import MAX_TAGS
from domain.errors import ErrorCode

_ALWAYS: Final = WORDS | {ErrorCode.OPTED_OUT: "The person opted out; a bulk change never reverses that."}
_LOCKED_DETAILS: Final = "The person opted out, and the account's policy locks their details."
_OF_MESSAGES: Final = {
    ErrorCode.OPTED_OUT: "The person opted out.",
    ErrorCode.NOT_PERMITTED: "No permission is known, or the topic is off.",
}
_OWN: Final[dict[BulkKind, dict[ErrorCode, str]]] = {
    BulkKind.CHANGE_TAGS: {
        ErrorCode.LOCKED: _LOCKED_DETAILS,
        ErrorCode.TOO_LARGE: f"The contact would have more than {MAX_TAGS} tags.",
    },
    BulkKind.REQUEST_DOUBLE_OPT_IN: OF_CONFIRMATIONS,
    BulkKind.RESEND: _OF_MESSAGES,
    BulkKind.BROADCAST: _OF_MESSAGES,
    BulkKind.UNDO: {
        ErrorCode.NO_ADDRESS: "The contact no longer has the address.",
        ErrorCode.OPTED_OUT: "The person has opted out since; that stands.",
        ErrorCode.LOCKED: "The person opted out, and the account's policy leaves that, and their details, as they are.",
        ErrorCode.NOT_PERMITTED: "Details that an import changed stay as they are now.",
        ErrorCode.CONFLICT: "Something else has happened since; it was left as it is.",
        ErrorCode.TOO_LARGE: f"The contact would have more than {MAX_TAGS} tags.",
    },
}


def words(kind: BulkKind) -> dict[ErrorCode, str]:
    """The words of each code, for operations of this kind."""
    return _ALWAYS | _OWN.get(kind, {})

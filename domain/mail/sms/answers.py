"""What a provider's answer means: its HTTP status, and its own code of what went wrong. Pure.

https://www.twilio.com/docs/api/errors
"""

from typing import Final

from domain.mail.results import Accepted, Deferred, Refused, Result, Unknown

NO_SUCH_NUMBER: Final = frozenset({21211, 21217, 21614})
"""No number at all, or one that takes no text messages, such as a landline."""
UNREACHABLE: Final = frozenset({30003, 30005, 30006})
"""Reported later: out of reach, unknown, a landline."""
LEFT: Final = 21610
"""Whoever has the number has sent STOP to the provider, which sends them nothing any more."""
_OURS: Final = frozenset({20003, 21212, 21606, 21603, 21607, 21611, 21612, 21703, 30001, 63038})
"""About the account, the sender or what it may send a day: nothing is said of the recipient."""
_LOST: Final = frozenset({502, 504})
"""Something between us and the provider did not get its answer."""


def meant(status: int, code: int | None) -> Result:
    """What became of a message. A refusal of the recipient or the message is final; one of ours, 429 and 5xx wait."""
    if 200 <= status < 300:
        return Accepted()
    if status in _LOST:
        return Unknown()
    if status == 400 and code not in _OURS:
        return Refused(code or status)
    return Deferred(code or status)

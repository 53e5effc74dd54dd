"""What a text message says, whoever brought it."""

from domain.inbound.call import Reading
from domain.inbound.rules import Keyword, keyword
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

_JUDGED = {one.value: one for one in Keyword}
_HAPPENINGS = {Keyword.STOP: Happening.STOP, Keyword.START: Happening.START}


def message(sender: str, body: str, key: str, judged: str | None = None) -> Reading:
    """A message with a keyword, or with none. `judged`: the keyword that the provider itself saw in it."""
    found = _JUDGED.get(judged or "") or keyword(body)
    happening = _HAPPENINGS.get(found) if found else None
    return Reading([Incoming(happening, Channel.SMS, sender, key)] if happening else [], found)

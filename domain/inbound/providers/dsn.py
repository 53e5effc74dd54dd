"""Reports of your own mail server: a raw mail, signed as Standard Webhooks has it."""

import asyncio
from hashlib import sha256
from typing import Final

from domain.inbound.call import Call, Hook, Reading
from domain.inbound.notification import Fate, Notice, notices
from domain.inbound.providers.standard import verify
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

_MEANS: Final = {
    Fate.GONE: (Happening.HARD_BOUNCE,),
    Fate.LOST: (Happening.SOFT_BOUNCE, Happening.LOST),
    Fate.LATE: (Happening.SOFT_BOUNCE,),
}


async def read(hook: Hook, call: Call) -> Reading:
    """What a report says; nothing for any other mail that comes to the same mailbox. Raises Forged."""
    verify(hook.key, call)
    digest = sha256(call.body).hexdigest()
    found = await asyncio.to_thread(notices, call.body)
    return Reading([one for notice in found for one in _incoming(notice, digest)])


def _incoming(notice: Notice, digest: str) -> list[Incoming]:
    key = f"{digest}:{notice.recipient}"
    return [
        Incoming(happening, Channel.EMAIL, notice.recipient, key, notice.words, notice.message_id)
        for happening in _MEANS[notice.fate]
    ]

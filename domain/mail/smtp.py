"""SMTP (RFC 5321): a few connections, kept and used again; encrypted unless an operator says otherwise.

A refusal of the recipient or the mail (5xx after RCPT or DATA) is final. One of ours (5xx at the greeting, the log-in
or MAIL) says nothing about the recipient, so the mail waits until somebody has mended the set-up.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs, unquote, urlsplit

from domain.infra.lazily import lazily
from domain.infra.log import logger
from domain.mail.conversation import Conversation, GoneError, Reply
from domain.mail.results import Accepted, Deferred, Refused, Result, Stale, Unknown

if TYPE_CHECKING:
    import aiosmtplib

    from domain.mail.transport import Letter
else:
    aiosmtplib = lazily("aiosmtplib")

_IDLE: Final = 20.0
"""Seconds after which an unused connection is closed: servers tire of them too."""
_MAILS: Final = 100
"""So many go over one connection."""
_GO_ON: Final = 354
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f<>]")
"""Nothing that an address holds, and all that would end one."""
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TLS: Final = {"required": True, "optional": None, "off": False}

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """Where to, as whom, and how it is encrypted."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: bool
    """From the first byte (smtps)."""
    starttls: bool | None
    """True: required; None: where it is offered; False: not at all."""
    authorities: str | None
    """A file of certificates to trust, in place of the system's."""


def server_of(url: str) -> Server:
    """A server from `smtp://user:password@host:port?starttls=required|optional|off&ca=FILE`, or `smtps://…`.

    Raises ValueError for anything else. A password needs an encrypted connection.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    starttls = options.pop("starttls", "required")
    authorities = options.pop("ca", None)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or options or starttls not in _TLS:
        raise ValueError("ASSENT_SMTP_URL reads smtp://user:password@host:port?starttls=required, or smtps://…")
    tls = parts.scheme == "smtps"
    if parts.username and not tls and starttls != "required":
        raise ValueError("ASSENT_SMTP_URL has a password, which goes over an encrypted connection alone.")
    user, password = (text and unquote(text) for text in (parts.username, parts.password))
    port = parts.port or (465 if tls else 587)
    return Server(parts.hostname, port, user, password, tls, False if tls else _TLS[starttls], authorities)


@dataclass(slots=True)
class _Session:
    talk: Conversation
    mails: int = 0
    used_at: float = field(default_factory=monotonic)

    @property
    def good(self) -> bool:
        return self.talk.open and self.mails < _MAILS and monotonic() - self.used_at < _IDLE


class Smtp:
    """A server, and the connections to it."""

    def __init__(self, server: Server, connections: int, timeout: float) -> None:
        self.server = server
        self.timeout = timeout
        self._free: list[_Session] = []
        self._places = asyncio.Semaphore(connections)

    async def send(self, letter: "Letter") -> Result:
        """Hand one over. A kept connection that has gone stale is replaced before anything is said of the mail."""
        if _UNSAFE.search(letter.sender + letter.recipient):
            return Refused(553, "5.1.3")
        async with self._places:
            try:
                session, replies = await self._begin(letter)
            except aiosmtplib.SMTPResponseException as error:
                log.warning("the mail server does not serve us", code=error.code)
                return Deferred(error.code, _enhanced(error.message))
            except (aiosmtplib.SMTPException, GoneError, OSError, TimeoutError) as error:
                log.warning("the mail server cannot be reached", exception=type(error).__name__)
                return Deferred()
            return await self._finish(session, letter, replies)

    async def close(self) -> None:
        """Say goodbye on every connection that is not in use."""
        while self._free:
            await self._leave(self._free.pop())

    async def _begin(self, letter: "Letter") -> tuple[_Session, Sequence[Reply]]:
        """A connection on which a mail was begun, and the replies: to MAIL, RCPT and DATA, or up to a no."""
        while self._free:
            session = self._free.pop()
            if not session.good:
                await self._leave(session)
                continue
            with suppress(GoneError, OSError, TimeoutError):
                replies = await session.talk.ask(*_envelope(letter))
                if replies[0].good:
                    return session, replies
            session.talk.abort()
        session = await self._connected()
        try:
            return session, await session.talk.ask(*_envelope(letter))
        except BaseException:
            session.talk.abort()
            raise

    async def _connected(self) -> _Session:
        server = self.server
        encrypted = server.tls or server.starttls is not False
        context = ssl.create_default_context(cafile=server.authorities) if encrypted else None
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            timeout=self.timeout,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=context,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if client.transport is None:
            raise GoneError
        transport = cast("asyncio.Transport", client.transport)
        pipelining = client.supports_extension("pipelining")
        return _Session(Conversation(transport, pipelining=pipelining, timeout=self.timeout))

    async def _finish(self, session: _Session, letter: "Letter", replies: Sequence[Reply]) -> Result:
        refused = next((reply for reply in replies if reply.code >= 400), None)
        told = False
        try:
            if refused:
                await self._back_out(session, replies)
                return _no(refused, ours=refused is replies[0])
            if replies[-1].code != _GO_ON:
                raise GoneError  # no SMTP that we know
            if monotonic() > letter.fresh_until:
                session.talk.abort()
                return Stale()
            told = True
            reply = await session.talk.tell(letter.content)
        except (GoneError, OSError, TimeoutError) as error:
            session.talk.abort()
            log.warning("the mail server went away", exception=type(error).__name__, after_data=told)
            return Unknown() if told else Deferred()
        except BaseException:
            session.talk.abort()
            raise
        self._keep(session)
        return Accepted() if reply.good else _no(reply)

    async def _back_out(self, session: _Session, replies: Sequence[Reply]) -> None:
        """Leave the connection as if nothing had been said on it."""
        if replies[-1].code == _GO_ON:  # told all the same to go on: a mail to nobody, and nothing in it (RFC 2920)
            await session.talk.tell(b"")
        (reply,) = await session.talk.ask(b"RSET")
        if reply.good:
            self._keep(session)
        else:
            session.talk.close()

    def _keep(self, session: _Session) -> None:
        session.mails += 1
        session.used_at = monotonic()
        self._free.append(session)

    async def _leave(self, session: _Session) -> None:
        with suppress(GoneError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await session.talk.ask(b"QUIT")
        session.talk.close()


def _envelope(letter: "Letter") -> Sequence[bytes]:
    options = "" if (letter.sender + letter.recipient).isascii() else " SMTPUTF8 BODY=8BITMIME"
    return f"MAIL FROM:<{letter.sender}>{options}".encode(), f"RCPT TO:<{letter.recipient}>".encode(), b"DATA"


def _no(reply: Reply, *, ours: bool = False) -> Result:
    """What a refusal means: one of MAIL says nothing about the recipient."""
    if ours:
        log.warning("the mail server does not serve us", code=reply.code)
    return Refused(reply.code, _enhanced(reply.words)) if reply.code >= 500 and not ours else _later(reply)


def _later(reply: Reply) -> Result:
    return Deferred(reply.code, _enhanced(reply.words))


def _enhanced(words: str) -> str | None:
    """The enhanced status code that a reply begins with (RFC 2034), if any."""
    found = _ENHANCED.match(words.strip())
    return found and found[0]

"""SMTP (RFC 5321): a few connections, kept and used again; encrypted unless an operator says otherwise.

A refusal of the recipient or the mail (5xx after RCPT or DATA) is final. One of ours (5xx at the greeting, the log-in
or MAIL) says nothing about the recipient, so the mail waits until somebody has mended the set-up.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from domain.infra.lazily import lazily
from domain.infra.log import logger
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
    client: "aiosmtplib.SMTP"
    mails: int = 0
    used_at: float = field(default_factory=monotonic)

    @property
    def good(self) -> bool:
        return self.client.is_connected and self.mails < _MAILS and monotonic() - self.used_at < _IDLE


class Smtp:
    """A server, and the connections to it."""

    def __init__(self, server: Server, connections: int, timeout: float) -> None:
        self.server = server
        self.timeout = timeout
        self._free: list[_Session] = []
        self._places = asyncio.Semaphore(connections)

    async def send(self, letter: "Letter") -> Result:
        """Hand one over. A kept connection that has gone stale is replaced before anything is said of the mail."""
        async with self._places:
            try:
                session = await self._begin(letter)
            except aiosmtplib.SMTPResponseException as error:
                log.warning("the mail server does not serve us", code=error.code)
                return Deferred(error.code, _enhanced(error.message))
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                log.warning("the mail server cannot be reached", exception=type(error).__name__)
                return Deferred()
            return await self._finish(session, letter)

    async def close(self) -> None:
        """Say goodbye on every connection that is not in use."""
        while self._free:
            await self._leave(self._free.pop())

    async def _begin(self, letter: "Letter") -> _Session:
        """A connection on which MAIL was accepted."""
        while self._free:
            session = self._free.pop()
            if not session.good:
                await self._leave(session)
                continue
            try:
                await self._mail(session, letter)
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                session.client.close()
                continue
            return session
        session = await self._connected()
        try:
            await self._mail(session, letter)
        except BaseException:
            session.client.close()
            raise
        return session

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
        return _Session(client)

    async def _mail(self, session: _Session, letter: "Letter") -> None:
        utf8 = not (letter.sender + letter.recipient).isascii()
        encoding, options = ("utf-8", ["SMTPUTF8", "BODY=8BITMIME"]) if utf8 else ("ascii", [])
        await session.client.mail(letter.sender, options=options, encoding=encoding)

    async def _finish(self, session: _Session, letter: "Letter") -> Result:
        told = False
        try:
            await session.client.rcpt(letter.recipient, encoding="utf-8")
            if monotonic() > letter.fresh_until:
                await self._reset(session)
                return Stale()
            told = True
            await session.client.data(letter.content)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(session)
            kind = Refused if 500 <= error.code < 600 else Deferred
            return kind(error.code, _enhanced(error.message))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            session.client.close()
            log.warning("the mail server went away", exception=type(error).__name__, after_data=told)
            return Unknown() if told else Deferred()
        except BaseException:
            session.client.close()
            raise
        self._keep(session)
        return Accepted()

    async def _reset(self, session: _Session) -> None:
        try:
            await session.client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            session.client.close()
        else:
            self._keep(session)

    def _keep(self, session: _Session) -> None:
        session.mails += 1
        session.used_at = monotonic()
        self._free.append(session)

    async def _leave(self, session: _Session) -> None:
        try:
            await session.client.quit(timeout=1)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            session.client.close()


def _enhanced(words: str) -> str | None:
    """The enhanced status code that a reply begins with (RFC 2034), if any."""
    found = _ENHANCED.match(words.strip())
    return found and found[0]

"""Send a signed request to an endpoint, and to nowhere else.

The address is judged where it is used: in the moment of connecting, as resolved, so that neither a name that changes
its mind nor an odd spelling leads into our own network. Redirects are answers like any other, and no success.
"""

import asyncio
import socket
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from domain.webhooks.addresses import public
from domain.webhooks.rules import is_allowed

if TYPE_CHECKING:
    import aiohttp

SECONDS: Final = 15.0
"""So long an endpoint may take to answer altogether."""
_CONNECT_SECONDS: Final = 5.0
_READ: Final = 64 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; nothing is done with them."""
_LOOKUPS: Final = 32
AGENT: Final = "Assent-Webhooks/1"


class Refused(OSError):  # noqa: N818 - an address, not a fault
    """The endpoint's name leads to an address that is not public."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the body, and the secrets that sign it under its id."""

    id: str
    body: bytes
    secrets: Sequence[bytes]

    def headers(self, at: datetime) -> dict[str, str]:
        """Standard Webhooks: the id, the moment of this try, and a signature with each secret."""
        from standardwebhooks import Webhook  # noqa: PLC0415 - only those who deliver need it

        text = self.body.decode()
        signatures = " ".join(Webhook(secret).sign(self.id, at, text) for secret in self.secrets)
        return {
            "content-type": "application/json",
            "user-agent": AGENT,
            "webhook-id": self.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signatures,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a try: a status, or the reason why there is none. Never a word that the endpoint said."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    retry_after: float = 0.0

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants nothing any more."""
        return self.status == 410


class Postman:
    """Connections to endpoints, for as long as the block lasts."""

    def __init__(self, allowed: Collection[str] = (), seconds: float = SECONDS) -> None:
        self.allowed = allowed
        self.seconds = seconds
        self.lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup")
        self.guarded: aiohttp.ClientSession | None = None
        self.free: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self.guarded, self.free):
            if session is not None:
                await session.close()
        self.lookups.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, message: Message) -> Answer:
        """Send once. Raises nothing: whatever goes wrong is an answer."""
        import aiohttp  # noqa: PLC0415 - heavy, and only those who deliver need it

        began = monotonic()
        try:
            async with self._session(url).post(
                url, data=message.body, headers=message.headers(datetime.now(UTC)), allow_redirects=False
            ) as response:
                answer = _answer(began, response.status, response.headers.get("retry-after"))
                await _emptied(response)
                return answer
        except aiohttp.ClientError as error:
            return Answer(_since(began), error=_words(error))
        except (OSError, ValueError, TimeoutError) as error:
            return Answer(_since(began), error=_words(error))

    def _session(self, url: str) -> "aiohttp.ClientSession":
        from yarl import URL  # noqa: PLC0415 - comes with aiohttp, which reads URLs by it

        parsed = URL(url)
        if is_allowed(parsed.raw_host or "", parsed.port, self.allowed):
            self.free = self.free or self._opened(guarded=False)
            return self.free
        if parsed.scheme != "https":
            raise Refused
        self.guarded = self.guarded or self._opened(guarded=True)
        return self.guarded

    def _opened(self, *, guarded: bool) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415

        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=4,
            resolver=_resolver()(self.lookups),
            ttl_dns_cache=30,
            socket_factory=_guarded_socket if guarded else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.seconds, sock_connect=_CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            max_line_size=8_190,
            max_field_size=8_190,
        )


def _guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one resolved address. Raises Refused for one that is not public."""
    family, kind, protocol, _, target = address
    if not public(target[0]):
        raise Refused
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


@cache
def _resolver() -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult  # noqa: PLC0415

    class Lookup(AbstractResolver):
        """The system's resolver in threads of our own: one name server that hangs holds up nobody else."""

        def __init__(self, threads: ThreadPoolExecutor) -> None:
            self.threads = threads

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            """The addresses of a name."""
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(
                self.threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            )
            return [
                ResolveResult(
                    hostname=host,
                    host=str(target[0]),
                    port=int(target[1]),
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for kind, _, protocol, _, target in found
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return Lookup


async def _emptied(response: "aiohttp.ClientResponse") -> None:
    """Read a short answer to its end; hang up on a long one."""
    left = _READ
    while left > 0:
        data = await response.content.read(left)
        if not data:
            return
        left -= len(data)
    response.close()


def _answer(began: float, status: int, retry_after: str | None) -> Answer:
    if 200 <= status < 300:
        return Answer(_since(began), status)
    words = f"The endpoint answered {status}."
    if 300 <= status < 400:
        words = f"The endpoint answered {status}. Redirects are not followed: name the final URL."
    if status == 410:
        words = "The endpoint answered 410: it wants nothing any more."
    seconds = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else 0.0
    return Answer(_since(began), status, words, min(seconds, 3_600.0) if status in (429, 503) else 0.0)


def _since(began: float) -> int:
    return round((monotonic() - began) * 1_000)


def _words(error: BaseException) -> str:
    """A reason without addresses: what a name resolves to inside our network is nobody's business."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and inner not in chain:
        chain.append(inner)
    names = {type(one).__name__ for one in chain}
    # The library itself refuses a numeric host that is spelt in an odd way.
    if names & {"Refused", "InvalidUrlClientError"}:
        return "The URL leads to an address that is not public."
    if any(isinstance(one, TimeoutError) for one in chain):
        return "The endpoint did not answer in time."
    if "ClientConnectorDNSError" in names or any(isinstance(one, socket.gaierror) for one in chain):
        return "The host's name could not be resolved."
    if any(name.endswith(("SSLError", "CertificateError")) for name in names):
        return "No TLS connection could be made: check the certificate."
    if any(isinstance(one, ConnectionError) for one in chain) or "ClientConnectorError" in names:
        return "The endpoint could not be connected to, or hung up."
    return "The endpoint gave no proper answer."

"""Twilio's interface, which other providers speak, too: a form, posted with basic authentication.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from domain.infra.lazily import lazily
from domain.infra.log import logger
from domain.mail.results import Deferred, Result, Unknown
from domain.mail.sms.answers import meant
from domain.mail.sms.text import Text

if TYPE_CHECKING:
    import aiohttp
else:
    aiohttp = lazily("aiohttp")

_CONNECTIONS: Final = 10
_READ: Final = 65_536
"""Octets of an answer that are looked at."""
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """Where to, as whom, and from which number or messaging service."""

    url: str
    user: str
    password: str = field(repr=False)
    sender: tuple[str, str]
    """`From` or `MessagingServiceSid`, and which."""

    @property
    def authorization(self) -> str:
        """Basic authentication (RFC 7617)."""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()


def service_of(url: str) -> Service:
    """A service from `https://SID:TOKEN@api.twilio.com?from=+12025550100`, or `?service=MG…`.

    `account=AC…` names the account where the user is an API key. Raises ValueError for anything else; plain http goes
    to this machine alone.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query.replace("+", "%2B")).items()}
    sender, service = options.pop("from", None), options.pop("service", None)
    user, password = (text and unquote(text) for text in (parts.username, parts.password))
    owner = options.pop("account", user)
    known = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not (known and parts.hostname and user and password and (sender or service)) or options:
        raise ValueError("ASSENT_SMS_URL reads https://SID:TOKEN@api.twilio.com?from=+12025550100, or ?service=MG…")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    from_whom = ("MessagingServiceSid", service) if service else ("From", str(sender))
    return Service(f"{base}/2010-04-01/Accounts/{owner}/Messages.json", user, password, from_whom)


class Twilio:
    """A provider. A connection carries one message, so that a stale one never leaves it unknown what became of it."""

    def __init__(self, service: Service, timeout: float) -> None:
        self.service = service
        self.timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(self, text: Text) -> Result:
        """Hand one over."""
        try:
            async with self._opened().post(self.service.url, data=self._form(text), allow_redirects=False) as response:
                status, body = response.status, await response.content.read(_READ)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            log.warning("the provider of text messages cannot be reached", exception=type(error).__name__)
            return Deferred()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("the provider of text messages went away", exception=type(error).__name__)
            return Unknown()
        result = meant(status, _code(body))
        if isinstance(result, Deferred):
            log.warning("the provider of text messages does not serve us", status=status, code=result.code)
        return result

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> "aiohttp.ClientSession":
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"authorization": self.service.authorization},
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self.timeout, sock_connect=self.timeout / 2),
                trust_env=False,
            )
        return self._session

    def _form(self, text: Text) -> dict[str, str]:
        name, value = self.service.sender
        form = {"To": text.recipient, name: value, "Body": text.text}
        return form | ({"StatusCallback": text.callback} if text.callback else {})


def _code(body: bytes) -> int | None:
    """The provider's own code in its answer, if there is one."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 2**31 else None

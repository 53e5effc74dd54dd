"""How text messages leave: by a provider with Twilio's interface, or into a folder on this machine."""

from functools import lru_cache
from typing import Protocol

from domain.infra.settings import settings
from domain.mail.results import Result
from domain.mail.sms.folder import Folder
from domain.mail.sms.text import Text
from domain.mail.sms.twilio import Twilio, service_of


class Provider(Protocol):
    """Hands text messages over."""

    async def send(self, text: Text) -> Result:
        """Hand one over, and say what became of it. Raises nothing that a provider or the network can cause."""

    async def close(self) -> None:
        """Take leave of the provider."""


@lru_cache
def provider() -> Provider:
    """The process's: the one that `ASSENT_SMS_URL` names, else the folder `texts` in the data directory."""
    given = settings()
    if given.sms_url is None:
        return Folder(given.data_dir / "texts")
    return Twilio(service_of(given.sms_url.get_secret_value()), given.sms_timeout)

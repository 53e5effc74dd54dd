"""Text messages handed over to a provider, and what its answers mean."""

from pathlib import Path

import orjson
import pytest
from uuid_utils.compat import uuid7

from domain.mail.results import Accepted, Deferred, Refused, Result, Unknown
from domain.mail.sms.folder import Folder
from domain.mail.sms.text import Text
from domain.mail.sms.twilio import Twilio, service_of
from tests.texting import SENDER, Carrier, carrier

__all__ = ["carrier"]

NUMBER = "+12025550100"


def a_text(callback: str | None = None) -> Text:
    """A message."""
    return Text(uuid7(), NUMBER, "Fünf & drei\nReply STOP", callback)


async def test_what_the_provider_is_given(carrier: Carrier) -> None:
    """Who, from whom, what and where to report, as a form with basic authentication."""
    twilio = Twilio(service_of(carrier.url), 60)
    assert await twilio.send(a_text()) == Accepted()
    assert await twilio.send(a_text("https://consent.example.com/hooks/x?message=1")) == Accepted()
    await twilio.close()
    said = {"To": NUMBER, "From": SENDER, "Body": "Fünf & drei\nReply STOP"}
    assert carrier.forms == [said, said | {"StatusCallback": "https://consent.example.com/hooks/x?message=1"}]
    assert carrier.forged == 0


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ((400, 21211), Refused(21211)),
        ((400, 21614), Refused(21614)),
        ((400, 21610), Refused(21610)),
        ((400, None), Refused(400)),
        ((400, 21606), Deferred(21606)),
        ((401, 20003), Deferred(20003)),
        ((404, None), Deferred(404)),
        ((429, 20429), Deferred(20429)),
        ((500, None), Deferred(500)),
        ((503, None), Deferred(503)),
        ((502, None), Unknown()),
        ((504, None), Unknown()),
        ((302, None), Deferred(302)),
        ((0, None), Unknown()),
    ],
)
async def test_what_an_answer_means(carrier: Carrier, answer: tuple[int, int | None], result: Result) -> None:
    """Of the recipient: final; of us, or not now: later; an answer that got lost: nobody knows."""
    carrier.answers = [answer]
    twilio = Twilio(service_of(carrier.url), 60)
    assert await twilio.send(a_text()) == result
    await twilio.close()


async def test_a_provider_that_hangs(carrier: Carrier) -> None:
    """It has the message and does not answer: nobody knows. One that cannot be reached has nothing: later."""
    carrier.answers = [(-1, None)]
    twilio = Twilio(service_of(carrier.url), 0.5)
    assert await twilio.send(a_text()) == Unknown()
    await twilio.close()
    nobody = Twilio(service_of("http://a:b@127.0.0.1:1?from=%2B12025550199"), 60)
    assert await nobody.send(a_text()) == Deferred()
    await nobody.close()


@pytest.mark.parametrize(
    ("url", "posted", "sender"),
    [
        ("https://AC1:t@api.twilio.com?from=+12025550199", "https://api.twilio.com/2010-04-01/Accounts/AC1", "From"),
        ("https://SK1:t@sms.example.com:8443/x/?service=MG1&account=AC2", "https://sms.example.com:8443/x/2010", ""),
        ("http://AC1:t@[::1]:90?service=MG1", "http://[::1]:90/2010-04-01/Accounts/AC1/Messages.json", ""),
    ],
)
def test_addresses_of_a_provider(url: str, posted: str, sender: str) -> None:
    """A host, a port, a path, a number or a service, and an account other than the key's."""
    service = service_of(url)
    assert service.url.startswith(posted)
    assert service.sender[0] == (sender or "MessagingServiceSid")
    assert "t@" not in repr(service)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.twilio.com?from=+12025550199",
        "https://AC1:t@api.twilio.com",
        "http://AC1:t@api.twilio.com?from=+12025550199",
        "ftp://AC1:t@api.twilio.com?from=+12025550199",
        "https://AC1:t@api.twilio.com?from=+12025550199&form=x",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """Without credentials, a sender, or encryption."""
    with pytest.raises(ValueError, match="ASSENT_SMS_URL"):
        service_of(url)


async def test_a_folder_by_default(tmp_path: Path) -> None:
    """A file for each message, for its owner's eyes alone."""
    text = a_text()
    assert await Folder(tmp_path / "texts").send(text) == Accepted()
    (path,) = (tmp_path / "texts").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    said = orjson.loads(path.read_bytes())
    assert (said["to"], said["text"]) == (NUMBER, text.text)

"""Reports of mail servers, as they really look, and as they should not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.inbound.notification import Fate, notices
from tests.domain.inbound import reports
from tests.domain.inbound.reports import MESSAGE_ID

ADA = "ada@example.org"


@pytest.mark.parametrize(
    ("raw", "fate", "words"),
    [
        (reports.POSTFIX, Fate.GONE, "550 5.1.1"),
        (reports.POSTFIX_NO_DOMAIN, Fate.GONE, "Host or domain name not found."),
        (reports.POSTFIX_EXPIRED, Fate.LOST, "connect to mx.example.org"),
        (reports.POSTFIX_DELAYED, Fate.LATE, "452 4.2.2 Mailbox full"),
        (reports.EXIM, Fate.GONE, "550 Requested action"),
        (reports.EXIM_LOCAL, Fate.GONE, None),
        (reports.EXIM_SPAM, Fate.LOST, "554 5.7.1 Spam"),
        (reports.EXCHANGE, Fate.GONE, "550 5.1.10 RESOLVER"),
        (reports.EXCHANGE_FULL, Fate.LOST, "554 5.2.2 mailbox full; STOREDRV"),
        (reports.GMAIL, Fate.GONE, "550-5.1.1 The email account"),
        (reports.FORWARDED, Fate.GONE, "550 5.1.1 no such user"),
        (reports.GLOBAL, Fate.GONE, None),
    ],
)
def test_what_a_report_says(raw: bytes, fate: Fate, words: str | None) -> None:
    """Of Postfix, Exim, Exchange and Gmail: whom, whether for good, in which words, and of which mail."""
    (notice,) = notices(raw)
    assert (notice.recipient, notice.fate, notice.message_id) == (ADA, fate, MESSAGE_ID)
    assert (notice.words or "").startswith(words or "")
    assert bool(notice.words) is bool(words)


def test_several_recipients() -> None:
    """Each with what became of it; what stands in brackets is for people."""
    assert [(one.recipient, one.fate) for one in notices(reports.TWO)] == [
        (ADA, Fate.GONE),
        ("ben@example.org", Fate.LATE),
    ]


def test_what_is_no_failure() -> None:
    """Mail that was passed on, an answer of a person on holiday, an empty file."""
    assert notices(reports.POSTFIX_RELAYED) == []
    holiday = f"From: ada@example.org\r\nIn-Reply-To: {MESSAGE_ID}\r\n\r\nI am away. Status: 5.1.1\r\n"
    assert notices(holiday.encode()) == []
    assert notices(b"") == []


@pytest.mark.parametrize(
    "status",
    [
        "",
        "Reporting-MTA: dns; mx.example.net",
        "Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1",
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822;\nAction: failed\nStatus: 5.1.1",
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ada@example.org\nAction: exploded",
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ada@example.org\nStatus: 5.1.1",
    ],
)
def test_broken_reports_say_nothing(status: str) -> None:
    """Without a recipient, or an action that there is."""
    assert notices(reports.report(status)) == []


def test_a_status_that_makes_no_sense_marks_nobody() -> None:
    """The mail failed; whether for good is not known."""
    status = "Reporting-MTA: dns; x\n\nFinal-Recipient: ada@example.org\nAction: failed\nStatus: 55.1.1"
    (notice,) = notices(reports.report(status))
    assert (notice.recipient, notice.fate) == (ADA, Fate.LOST)


def test_a_report_cut_anywhere() -> None:
    """However much of it arrives, nothing is raised, and nobody else is named."""
    for end in range(0, len(reports.POSTFIX), 7):
        assert {one.recipient for one in notices(reports.POSTFIX[:end])} <= {ADA[:n] for n in range(1, len(ADA) + 1)}


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(15_000)),
        b'Content-Type: multipart/report; boundary="a"\r\n\r\n' + b"--a\r\nContent-Type: text/plain\r\n\r\n" * 25_000,
    ],
    ids=["mails within mails", "parts within parts", "parts"],
)
def test_what_would_take_long_is_passed_over(raw: bytes) -> None:
    """Anybody can have a mail server report something."""
    assert notices(raw) == []


def test_a_report_before_a_large_mail() -> None:
    """What is returned may be as large as it likes, and may speak of parts."""
    raw = reports.report(
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: 5.1.1",
        reports.RETURNED + "x multipart/ y\n" * 10 + "Hello\n" * 100_000,
    )
    (notice,) = notices(raw)
    assert (notice.recipient, notice.fate, notice.message_id) == (ADA, Fate.GONE, MESSAGE_ID)


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 2_000))
def test_octets_that_are_no_text(junk: bytes, place: int) -> None:
    """Anything at all, anywhere in a report: read, or passed over."""
    raw = reports.EXCHANGE
    assert isinstance(notices(raw[:place] + junk + raw[place:]), list)

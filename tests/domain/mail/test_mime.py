"""What is written is what the standard library's parser reads, whatever a customer or a contact put into it."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail.compose import Mail, letter, one_line

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
URL = "https://example.com/u/" + "x" * 90


def parsed(mail: Mail) -> EmailMessage:
    """As a mail program reads it."""
    made = letter(mail, UUID(int=7), datetime(2026, 3, 1, tzinfo=UTC))
    assert b"\r" not in made.content.replace(b"\r\n", b"")
    assert b"\n" not in made.content.replace(b"\r\n", b"")
    assert max(map(len, made.content.split(b"\r\n"))) <= 998
    found = message_from_bytes(made.content, policy=default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


@given(subject=WORDS, text=WORDS, html=WORDS)
def test_read_as_written(subject: str, text: str, html: str) -> None:
    """Subject, text and HTML come back as they were, but for control characters in the subject and line ends."""
    found = parsed(Mail("ada@example.com", "Example Ltd", subject, text, html, headers=(("List-Unsubscribe", URL),)))
    assert found["subject"] == one_line(subject)[:200]
    assert found["list-unsubscribe"] == URL
    for kind, content in (("plain", text), ("html", html)):
        body = found.get_body((kind,))
        assert body is not None
        read = body.get_payload(decode=True)
        assert isinstance(read, bytes)
        expected = content.replace("\r\n", "\n").replace("\r", "\n")
        assert read.decode().replace("\r\n", "\n") == expected
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(
    ("name", "recipient"),
    [
        ("Acme, Inc. “West”", "ada@example.com"),
        ('Quote " and \\', "änne@example.com"),
        ("Grüße", '"odd one"@example.com'),
        ("x" * 300, "ada@bücher.example"),
    ],
)
def test_addresses(name: str, recipient: str) -> None:
    """A sender's name with anything in it, and recipients whose address is not plain."""
    found = parsed(Mail(recipient, name, "Hello", "Text", "<p>Text</p>"))
    assert found["from"].addresses[0].display_name == name[:200]
    assert len(found["to"].addresses) == 1
    assert len(found["from"].addresses) == 1

"""Handing mail over to a real server: encrypted, kept open, and each answer taken for what it says."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from domain.mail.results import Accepted, Deferred, Refused, Result, Unknown
from domain.mail.smtp import Smtp, server_of
from domain.mail.transport import Letter
from tests.mailing import Server, serving

LETTER = Letter("from@example.com", "anna@example.org", b"Subject: Hello\r\n\r\nHello.\r\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, none)
    )
    return path


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def sent(url: str, *letters: Letter) -> list[Result]:
    """Hand letters over, one after the other."""
    smtp = Smtp(server_of(url), 2, 10)
    results = [await smtp.send(letter) for letter in letters or (LETTER,)]
    await smtp.close()
    return results


async def test_it_is_encrypted_unless_said_otherwise(certificate: Path) -> None:
    """Without STARTTLS, or with a certificate nobody vouches for, nothing is sent, and the mail waits."""
    async with serving() as plain:
        assert await sent(f"smtp://127.0.0.1:{plain.port}") == [Deferred()]
        assert await sent(f"smtp://127.0.0.1:{plain.port}?starttls=optional") == [Accepted()]
    async with serving(_tls(certificate), require_starttls=True) as server:
        assert await sent(f"smtp://127.0.0.1:{server.port}") == [Deferred()]
        assert server.mails == []
        assert await sent(f"smtp://127.0.0.1:{server.port}?ca={certificate}") == [Accepted()]
        assert server.recipients == ["anna@example.org"]


async def test_the_password_goes_over_an_encrypted_connection(certificate: Path) -> None:
    """A wrong one leaves the mail waiting: that says nothing about who it is for."""

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"me", b"p@ss"), handled=False)

    async with serving(_tls(certificate), authenticator=known, auth_required=True) as server:
        end = f"127.0.0.1:{server.port}?ca={certificate}"
        assert await sent(f"smtp://me:p%40ss@{end}") == [Accepted()]
        (refused,) = await sent(f"smtp://me:wrong@{end}")
        assert isinstance(refused, Deferred)
        assert refused.code == 535


async def test_connections_are_kept(certificate: Path) -> None:
    """Many mails go over one connection; one that the server has closed meanwhile is replaced."""
    async with serving() as server:
        smtp = Smtp(server_of(server.url), 1, 10)
        assert [await smtp.send(LETTER) for _ in range(3)] == [Accepted()] * 3
        assert server.connections == 1
        server.sessions[0].transport.abort()
        assert await smtp.send(LETTER) == Accepted()
        assert (server.connections, len(server.mails)) == (2, 4)
        await smtp.close()


@pytest.mark.parametrize(
    ("rcpt", "data", "result"),
    [
        ("550 5.1.1 No such mailbox", None, Refused(550, "5.1.1")),
        ("450 4.2.1 Later", None, Deferred(450, "4.2.1")),
        ("250 OK", "554 5.7.1 Not wanted", Refused(554, "5.7.1")),
        ("250 OK", "451 Busy", Deferred(451)),
        ("250 OK", "break", Unknown()),
    ],
)
async def test_each_answer(rcpt: str, data: str | None, result: Result) -> None:
    """For good, for now, or nobody knows; and the next mail goes all the same."""
    async with serving() as server:
        server.rcpt["anna@example.org"] = rcpt
        server.data = [data] if data else []
        other = Letter("from@example.com", "bert@example.org", LETTER.content)
        assert await sent(server.url, LETTER, other) == [result, Accepted()]
        assert server.recipients[-1] == "bert@example.org"


async def test_no_server() -> None:
    """Nobody there: the mail waits."""
    async with serving() as server:
        gone: Server = server
    assert await sent(gone.url) == [Deferred()]


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com?starttls=no",
        "smtp://mail.example.com?tls=1",
        "smtp://me:secret@mail.example.com?starttls=off",
        "smtp://me:secret@mail.example.com?starttls=optional",
    ],
)
def test_settings_that_make_no_sense(url: str) -> None:
    """A server that is none, or a password in the open."""
    with pytest.raises(ValueError, match=r"ASSENT_SMTP_URL|query"):
        server_of(url)


def test_a_server_by_its_url() -> None:
    """Encrypted by default, on the usual ports; the password stays out of sight."""
    assert server_of("smtp://mail.example.com").port == 587
    safe = server_of("smtps://me:s3cret@mail.example.com")
    assert (safe.port, safe.tls, safe.starttls) == (465, True, False)
    assert "s3cret" not in repr(safe)

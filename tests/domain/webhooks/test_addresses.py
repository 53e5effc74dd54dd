"""Where an endpoint may be: by its URL when it is created, by its resolved address when it is connected to."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import DomainError
from domain.webhooks import post, rules
from domain.webhooks.addresses import public
from domain.webhooks.post import Answer, Message, Postman
from tests.domain.webhooks.receiver import Receiver

MESSAGE = Message("msg_1", b"{}", [b"a secret of the tests"])
PRIVATE = """
0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192
192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
168.63.129.16 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:a00:1 64:ff9b::7f00:1 64:ff9b::8.8.8.8
64:ff9b:1::a00:1 100::1 2001::1 2001:db8::1 2002:7f00:1:: fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
""".split()  # noqa: SIM905 - a list of words reads better


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    """Private, loopback, link-local, carrier-grade, multicast, metadata, mapped and translated addresses."""
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111"])
def test_what_is_public(address: str) -> None:
    """Anybody's addresses."""
    assert public(address)


REFUSED = """
http://hooks.example.com/ ftp://example.com/ https:// https:///x //example.com https://user@example.com/
https://user:word@example.com/ https://example.com/#part https://example.com:0/ https://example.com:99999/
https://localhost/ https://internal/ https://service.internal/ https://printer.local/ https://127.0.0.1/
https://2130706433/ https://0x7f000001/ https://0x7f.1/ https://017700000001/ https://127.1/ https://0/
https://[::1]/ https://[::ffff:127.0.0.1]/ https://[64:ff9b::7f00:1]/ https://10.0.0.1/ https://169.254.169.254/latest
https://exa\\mple.com/ https://bücher.example/ javascript:alert(1)
""".split()  # noqa: SIM905


@pytest.mark.parametrize("url", ["", "https://example.com/a b", "https://example.com/\n", *REFUSED])
def test_urls_that_are_refused(url: str) -> None:
    """No TLS, credentials, fragments, names of our own network, private addresses in any spelling."""
    with pytest.raises(DomainError) as refused:
        rules.endpoint_url(url, ())
    assert refused.value.field == ("url",)


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c%20d", "https://8.8.8.8/x"])
def test_urls_that_are_taken(url: str) -> None:
    """A public name or address with TLS."""
    assert rules.endpoint_url(url, ()) == url


@pytest.mark.parametrize(("allowed", "fine"), [("hooks", True), ("hooks:8080", True), ("hooks:80", False)])
def test_hosts_that_the_operator_names(allowed: str, fine: bool) -> None:
    """A named host may be anywhere and without TLS; named with a port, on that port alone."""
    if fine:
        assert rules.endpoint_url("http://hooks:8080/x", {allowed}) == "http://hooks:8080/x"
    else:
        with pytest.raises(DomainError):
            rules.endpoint_url("http://hooks:8080/x", {allowed})


async def posted(url: str, allowed: str = "", seconds: float = 10) -> Answer:
    """A try to send there, whatever the URL."""
    async with Postman(frozenset(allowed.split()), seconds) as postman:
        return await postman.post(url, MESSAGE)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "017700000001", "127.1", "[::1]", "[::ffff:7f00:1]", "0"]
)
async def test_no_connection_is_made_to_what_is_not_public(host: str) -> None:
    """However the address is spelt, and by whichever name: refused when connecting, and nothing arrives."""
    arrived = asyncio.Event()

    async def arrive(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        writer.close()

    server = await asyncio.start_server(arrive, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await posted(f"https://{host}:{port}/")
    server.close()
    assert answer.error == "The URL leads to an address that is not public."
    assert not arrived.is_set()


async def test_without_tls_only_to_hosts_that_are_named() -> None:
    """Even a URL that got into the table is not followed."""
    async with Receiver() as receiver:
        assert (await posted(receiver.url)).error == "The URL leads to an address that is not public."
        assert (await posted(receiver.url, f"127.0.0.1:{receiver.port + 1}")).status is None
        assert receiver.seen == 0


async def test_an_answer_that_never_ends_or_never_comes() -> None:
    """A long answer is hung up on after 64 KiB; one that trickles ends with the time limit."""
    sent = 0
    over = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        try:
            while sent < 100_000_000:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass
        finally:
            over.set()
            writer.close()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        while not reader.at_eof():
            await reader.read(1)
        writer.close()

    flooding, silent = [await asyncio.start_server(one, "127.0.0.1", 0) for one in (flood, trickle)]
    answer = await posted(f"http://127.0.0.1:{flooding.sockets[0].getsockname()[1]}/", "127.0.0.1")
    assert (answer.status, answer.error) == (200, None)
    async with asyncio.timeout(20):
        await over.wait()
    assert sent < 50_000_000
    answer = await posted(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/", "127.0.0.1", seconds=0.3)
    assert answer.error == "The endpoint did not answer in time."
    for server in (flooding, silent):
        server.close()


async def test_names_that_lead_nowhere_and_ports_where_nobody_listens() -> None:
    """Words that name no address."""
    assert (await posted("https://nowhere.invalid/")).error == "The host's name could not be resolved."
    gone = await posted("http://127.0.0.1:9/", "127.0.0.1")
    assert gone.error == "The endpoint could not be connected to, or hung up."
    assert post.SECONDS <= 30


def test_pauses_grow_to_four_hours_and_are_spread() -> None:
    """A second, then thrice as long each time, a fifth either way; three days hold at least 18 tries."""
    middle = [rules.pause(n, 1.0, 0.5) for n in range(1, 40)]
    assert middle[:3] == [timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=9)]
    assert middle == sorted(middle)
    assert middle[-1] == rules.LONGEST_PAUSE
    assert rules.pause(1, 1.0, 0.0) < middle[0] < rules.pause(1, 1.0, 1.0)
    assert sum(middle[:18], timedelta()) < rules.PATIENCE
    now = datetime.now(UTC)
    assert not rules.gives_up(now - timedelta(hours=71), now)
    assert rules.gives_up(now - timedelta(days=3), now)

"""A mail server that takes everything and keeps nothing: as little work as SMTP allows, in a process of its own.

`python -m bench.sink` says its port on one line. VRFY answers how many mails it has taken.
"""

import asyncio

_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 Bye\r\n",
}


class Sink(asyncio.Protocol):
    """One connection."""

    taken = 0
    """Of all connections."""

    def __init__(self) -> None:
        self.held, self.within = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example.com\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer each command, and each mail."""
        data, self.held = self.held + data, b""
        while data:
            end, width = (data.find(_END), 5) if self.within else (data.find(b"\r\n"), 2)
            if end < 0:
                self.held = data
                return
            line, data = data[:end], data[end + width :]
            self.transport.write(self._taken() if self.within else self._answer(line))

    def _answer(self, line: bytes) -> bytes:
        command = line[:4].upper()
        if command == b"VRFY":
            return b"252 %d\r\n" % Sink.taken
        self.within = command == b"DATA"
        return _ANSWERS.get(command, b"250 OK\r\n")

    def _taken(self) -> bytes:
        Sink.taken += 1
        self.within = False
        return b"250 2.0.0 Taken\r\n"


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())

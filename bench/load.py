"""A small load client in a process of its own: `python -m bench.load PLAN`, where PLAN is JSON; prints seconds."""

import asyncio
import json
import sys
from itertools import cycle
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit


async def _connection(plan: dict[str, object], bodies: "cycle[bytes]", until: float, taken: list[float]) -> None:
    place = urlsplit(str(plan["url"]))
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    head = (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nAuthorization: Bearer {plan['key']}\r\nContent-Length: "
    ).encode()
    while (began := perf_counter()) < until:
        body = next(bodies)
        writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        content = await reader.readexactly(int(length.split(b":")[1]))
        if not answer.startswith(b"HTTP/1.1 200") or b'"code"' in content:
            raise SystemExit(content.decode())
        taken.append(perf_counter() - began)
    writer.close()


async def _main(plan: dict[str, object]) -> None:
    bodies = cycle(Path(str(plan["bodies"])).read_bytes().splitlines())
    taken: list[float] = []
    until = perf_counter() + float(str(plan["seconds"]))
    await asyncio.gather(*(_connection(plan, bodies, until, taken) for _ in range(int(str(plan["connections"])))))
    print(json.dumps(taken))


asyncio.run(_main(json.loads(sys.argv[1])))

"""A mail's bytes (RFC 5322, RFC 2045): text and HTML, quoted-printable, under headers that are each one line.

The standard library's own writer takes three milliseconds a mail, ten times as long as all the rest of sending it, so
this writes the one shape that we send. What is hard stays with the library: headers in other letters, and the
encoding of the bodies. A property test reads what is written with the library's parser.
"""

import re
from binascii import b2a_qp
from collections.abc import Iterable
from email.header import Header
from functools import lru_cache
from typing import Final

_LONGEST: Final = 78
_PLAIN: Final = re.compile(r"[ -~]*")
_PART: Final = (
    b'--%b\r\nContent-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n'
)


def written(headers: Iterable[tuple[str, str]], text: str, html: str, boundary: str) -> bytes:
    """A mail of two alternatives. No header may hold a control character; the boundary is in neither part."""
    head = "".join([header(name, value) for name, value in headers])
    head += f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    mark = boundary.encode()
    return b"".join(
        (head.encode("ascii"), _part(mark, b"plain", text), _part(mark, b"html", html), b"--%b--\r\n" % mark)
    )


def header(name: str, value: str) -> str:
    """A header with its line end: folded at spaces where it is long, encoded (RFC 2047) where it is not plain."""
    line = f"{name}: {value}"
    if not _PLAIN.fullmatch(value) or "=?" in value:
        return _encoded(name, value)
    return f"{line}\r\n" if len(line) <= _LONGEST else _folded(line)


def _folded(line: str) -> str:
    lines, now = [], ""
    for word in line.split(" "):
        if now and len(now) + 1 + len(word) > _LONGEST and not now.endswith(":"):
            lines.append(now)
            now = f" {word}"
        else:
            now = f"{now} {word}" if now else word
    return "\r\n".join([*lines, now]) + "\r\n"


@lru_cache(maxsize=1_024)
def _encoded(name: str, value: str) -> str:
    return f"{name}: {Header(value, 'utf-8', header_name=name).encode(linesep=chr(13) + chr(10))}\r\n"


def _part(mark: bytes, kind: bytes, content: str) -> bytes:
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    return _PART % (mark, kind, b2a_qp(lines, istext=True).replace(b"\n", b"\r\n"))

"""Which encoding a text is in, and the text itself, piece by piece. No byte is ever an error: each means something."""

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

UTF8, UTF16_LE, UTF16_BE, WINDOWS = "UTF-8", "UTF-16 LE", "UTF-16 BE", "Windows-1252"
_BOMS: Final = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, UTF16_LE),
    (codecs.BOM_UTF16_BE, UTF16_BE),
)
_CODECS: Final = {UTF16_LE: "utf-16-le", UTF16_BE: "utf-16-be", WINDOWS: "cp1252"}


def sniff(head: bytes) -> str:
    """The encoding of a text by its first bytes: a byte order mark, else zeros at every other byte, else validity."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > 0.4 * half > 0.4 and head[::2].count(0) < 0.1 * half:
        return UTF16_LE
    if head[::2].count(0) > 0.4 * half > 0.4 and head[1::2].count(0) < 0.1 * half:
        return UTF16_BE
    try:
        codecs.utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return UTF8 if _mostly_utf8(head) else WINDOWS
    return UTF8


def _mostly_utf8(head: bytes) -> bool:
    """Whether UTF-8 is mixed with something else, rather than absent: by chance its sequences are rare."""
    text = head.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    found = sum(char > "\x7f" for char in text) - lost
    return found * 10 > lost


def decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The text without its byte order mark and without NUL.

    A text that is ASCII as far as it was sniffed may turn out to be Windows-1252 further on, and is read so from
    there; where UTF-8 and other bytes are mixed, what is no UTF-8 is read as Windows-1252.
    """
    texts = _utf8(pieces) if encoding == UTF8 else _other(pieces, _CODECS[encoding])
    first = True
    for text in texts:
        if first and text:
            text, first = text.removeprefix("\ufeff"), False  # noqa: PLW2901 - the mark is no part of it
        if text:
            yield text.replace("\0", "") if "\0" in text else text


def _utf8(pieces: Iterable[bytes]) -> Iterator[str]:
    rest, ascii_so_far = b"", True
    source = iter(pieces)
    for piece in source:
        data = rest + piece
        try:
            text, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError as error:
            if ascii_so_far and data[: error.start].isascii():
                yield data.decode("cp1252", _LATIN)
                yield from _other(source, "cp1252")
                return
            text, used = codecs.utf_8_decode(data, _MIXED, False)
        ascii_so_far = ascii_so_far and len(text) == used
        yield text
        rest = data[used:]
    yield rest.decode("cp1252", _LATIN)


def _other(pieces: Iterable[bytes], codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)(_LATIN if codec == "cp1252" else "replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _latin(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that Windows-1252 leaves undefined, as Latin-1 has them (WHATWG Encoding)."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


def _mixed(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", _LATIN), error.end


_LATIN, _MIXED = "assent-latin", "assent-mixed"
codecs.register_error(_LATIN, _latin)
codecs.register_error(_MIXED, _mixed)

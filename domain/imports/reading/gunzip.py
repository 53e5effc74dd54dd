"""gzip, unpacked piece by piece, with an end to what it may unpack to (RFC 1952)."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.files.rules import readable
from domain.imports.reading.kind import GZIP
from domain.imports.reading.limits import Limits

_IN: Final = 64 * 1024
_OUT: Final = 1024**2
_WITH_HEADER: Final = 31


def pieces(file: BinaryIO, size: int = _OUT) -> Iterator[bytes]:
    """A plain file in pieces."""
    while piece := file.read(size):
        yield piece


def gunzip(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """What a gzip file holds, all of its members, in pieces of at most 1 MiB.

    Raises DomainError: TOO_LARGE for one that unpacks to more than the limits allow, INVALID for a damaged one.
    """
    taken = given = 0
    member = zlib.decompressobj(_WITH_HEADER)
    packed = file.read(_IN)
    while packed:
        piece = _unpacked(member, packed)
        rest = member.unused_data if member.eof else member.unconsumed_tail
        taken += len(packed) - len(rest)
        given += len(piece)
        check_unpacked(given, taken, limits)
        yield piece
        packed = rest or file.read(_IN)
        if member.eof and packed:
            if not packed.startswith(GZIP[: len(packed)]):
                return  # padding after the last member, which gzip ignores too
            member = zlib.decompressobj(_WITH_HEADER)
    yield member.flush()
    if not member.eof:
        raise invalid("The compressed file is cut off.")


def _unpacked(member: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        return member.decompress(packed, _OUT)
    except zlib.error:
        raise invalid("The compressed file is damaged.") from None


def check_unpacked(given: int, taken: int, limits: Limits) -> None:
    """Raise DomainError TOO_LARGE when `taken` packed bytes have become more than the limits allow."""
    if given > limits.unpacked:
        raise DomainError(
            ErrorCode.TOO_LARGE, f"The compressed file holds more than {readable(limits.unpacked)}. Split the list."
        )
    if given > limits.ratio_from and given > limits.ratio * max(taken, 1):
        raise DomainError(
            ErrorCode.TOO_LARGE,
            f"The compressed file unpacks to more than {limits.ratio} times its size, which no list does.",
        )

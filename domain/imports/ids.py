"""UUIDv7 in SQL, many at a time: the server's own asks the operating system for each, which can take 5 µs."""

from typing import Final

SET_MOMENT: Final = (
    "set_config('assent.moment', lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0'), true)"
)
"""Makes this transaction's ids of this moment; to be selected before `uuid7s` is used."""

_RANDOM = "lpad(to_hex((random() * 4503599627370495)::bigint), 13, '0')"


def uuid7s(number: str) -> str:
    """An expression for a UUIDv7: `number`, an SQL integer below 2^20, puts those of a moment in order.

    A counter of 20 bits behind the time, then 52 random bits (RFC 9562, 6.2, methods 1 and 3).
    """
    counter = f"lpad(to_hex({number}), 5, '0')"
    # The variant's two bits stand before the counter's last eight.
    id_ = f"current_setting('assent.moment') || '7' || left({counter}, 3) || '8' || right({counter}, 2) || {_RANDOM}"
    return f"({id_})::uuid"

"""Clean international numbers, told from the metadata at once: to ask the library takes 50 µs a number."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = lazily("phonenumbers")

PUNCTUATION: Final = r"[ ().\-/]"
"""What people write between digits, and the library passes over."""
_NANP: Final = ("US", "CA")
_CHOICE: Final = re.compile(r"(?:\(?\d(?:\d|\[\d+\])*\)?(?:\||$))*")
_BEGINNING: Final = re.compile(r"(?:^|\|)\(?(\d)")


@lru_cache
def international() -> str:
    """A pattern (Rust's and Python's) of numbers in E.164 that are possible and have nothing to strip.

    What it does not match may be a number all the same: that is for the library to say.
    """
    plans = (_plan(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
    return rf"^\+(?:1[2-9][0-9]{{9}}|{'|'.join(plan for plan in plans if plan)})$"


@lru_cache
def national(country: str | None) -> str | None:
    """A pattern of national numbers to which `+1` is all that is missing; None where no such rule is simple."""
    return r"^[2-9][0-9]{9}$" if country in _NANP else None


def _plan(code: int) -> str | None:
    region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0]
    if region == "001":
        metadata = phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code, None)
    else:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if code == 1 or metadata is None or metadata.national_prefix_transform_rule or metadata.general_desc is None:
        return None
    first = _first_digits(metadata.national_prefix_for_parsing or "")
    lengths = sorted(length for length in metadata.general_desc.possible_length if length > 1)
    tails = "|".join(f"[0-9]{{{length - 1}}}" for length in lengths)
    return f"{code}[{first}](?:{tails})" if first and lengths else None


def _first_digits(prefix: str) -> str:
    """The digits that a number can begin with where nothing of it could be the prefix that is dialled at home.

    Empty for the few prefixes that are more than a choice of digits.
    """
    if not _CHOICE.fullmatch(prefix):
        return ""
    return "".join(digit for digit in "123456789" if digit not in _BEGINNING.findall(prefix))

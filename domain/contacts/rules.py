"""What a contact's details may hold, and how each is written. Pure: text in, text or a refusal out."""

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import email_validator
import idna

from domain.errors import DomainError, ErrorCode, invalid
from domain.infra.lazily import lazily
from domain.values import Channel

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = lazily("phonenumbers")

MAX_NAME, MAX_EXTERNAL_ID, MAX_TAG, MAX_TAGS, MAX_ATTRIBUTES, MAX_DEPTH = 200, 200, 100, 100, 16_384, 20
MAX_EMAIL, MAX_LOCAL, MAX_PHONE, MAX_POSTAL = 254, 64, 100, 1_000
EMAIL_SLOTS = (1, 2, 3)

# What people paste around an address: every space that Unicode knows, and the invisible ones it does not call space.
_INVISIBLE = "\u200b\u2060\ufeff"
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+([A-Za-z]{{2,63}}))")
_PLAIN_PHONE = re.compile(r"\+1[2-9][0-9]{9}")
# Names that only the validator can judge, such as `.invalid`.
_RESERVED = frozenset(name.rsplit(".", 1)[-1] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)


def strip(text: str) -> str:
    """Text without the space around it: ASCII, NBSP and their kin, zero-width ones too."""
    text = text.strip()
    return text.strip(_INVISIBLE).strip() if text and (text[0] in _INVISIBLE or text[-1] in _INVISIBLE) else text


def storable(text: str) -> bool:
    """Whether a database can hold the text at all: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def line(text: str, most: int, *field: str) -> str:
    """One line: trimmed, NFC, each run of space a single one; may come out empty.

    Raises DomainError: TOO_LARGE over `most` characters, INVALID for control characters.
    """
    if len(text) > 4 * most:
        raise _too_long(most, *field)
    text = _SPACE.sub(" ", strip(text))
    if _CONTROL.search(text):
        raise invalid("Control characters are not allowed.", *field)
    text = unicodedata.normalize("NFC", text)
    if len(text) > most:
        raise _too_long(most, *field)
    return text


def name(text: str | None, *field: str) -> str | None:
    """A first or last name, or None when nothing is left of it. Raises DomainError."""
    return (line(text, MAX_NAME, *field) or None) if text is not None else None


def external_id(text: str | None, *field: str) -> str | None:
    """The id that another system knows the contact by; its case counts. Raises DomainError, also when it is blank."""
    return None if text is None else some(line(text, MAX_EXTERNAL_ID, *field), *field)


def contact_type(text: str | None, types: Sequence[str], *field: str) -> str | None:
    """One of the account's contact types. Raises DomainError INVALID, naming them."""
    if text is not None and text not in types:
        raise invalid(f"One of: {', '.join(types)}.", *field)
    return text


def tags(words: Sequence[str], *field: str) -> list[str]:
    """Tags, each once, in order. Raises DomainError: TOO_LARGE over 100 of them or 100 characters, INVALID."""
    if len(words) > MAX_TAGS:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_TAGS} tags.", *field)
    return list(dict.fromkeys(tag(word, *field, str(i)) for i, word in enumerate(words)))


def tag(word: str, *field: str) -> str:
    """One tag; its case counts. Raises DomainError."""
    return some(line(word, MAX_TAG, *field), *field)


def attributes(values: Any, *field: str) -> str:
    """A JSON object as compact text of at most 16 KiB. Raises DomainError: INVALID, TOO_LARGE."""
    if not isinstance(values, dict):
        raise invalid("Attributes are a JSON object.", *field)
    try:
        _check_json(values, MAX_DEPTH)
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise invalid(str(error) if isinstance(error, _NotJsonError) else "Not JSON.", *field) from None
    if len(text.encode()) > MAX_ATTRIBUTES:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_ATTRIBUTES} bytes of JSON.", *field)
    return text


def slot(channel: Channel, number: int, *field: str) -> int:
    """A slot of the channel: email has 1 to 3, the others 1. Raises DomainError INVALID."""
    if channel is Channel.EMAIL:
        if number not in EMAIL_SLOTS:
            raise invalid("An email has slots 1 to 3.", *field)
    elif number != 1:
        raise invalid(f"{channel} has slot 1 alone.", *field)
    return number


def address(channel: Channel, value: str, country: str | None, *field: str) -> str:
    """An address of any channel as it is kept. `country`: where a national phone number is read (ISO 3166)."""
    if channel is Channel.EMAIL:
        return email(value, *field)
    return postal(value, *field) if channel is Channel.POST else phone(value, country, *field)


def email(value: str, *field: str) -> str:
    """An email address: the domain in lower case and IDNA, the local part as written (RFC 5321, 6531, 5891).

    Raises DomainError: INVALID, TOO_LARGE for more than 254 octets (RFC 5321, 4.5.3).
    """
    if len(value) > 4 * MAX_EMAIL:
        raise _too_long(MAX_EMAIL, *field)
    value = strip(value)
    plain = _PLAIN_EMAIL.fullmatch(value)
    if plain and len(value) <= MAX_EMAIL and len(plain[1]) <= MAX_LOCAL and plain[3].lower() not in _RESERVED:
        return f"{plain[1]}@{plain[2].lower()}"
    return _judged_email(value, *field)


def phone(value: str, country: str | None, *field: str) -> str:
    """A phone number in E.164: any possible number of any type. Raises DomainError INVALID."""
    if len(value) > MAX_PHONE:
        raise _too_long(MAX_PHONE, *field)
    value = strip(value)
    if _PLAIN_PHONE.fullmatch(value):
        return value
    if _CONTROL.search(value):
        raise invalid("Control characters are not allowed.", *field)
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException as error:
        international = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not country
        raise invalid(
            "Write the number with its country code, such as +44…; the account has no default country."
            if international
            else "Not a phone number.",
            *field,
        ) from None
    if number.extension:
        raise invalid("An extension cannot be kept: write the number alone.", *field)
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise invalid("No phone number of this country has this length.", *field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def postal(value: str, *field: str) -> str:
    """A postal address: its lines trimmed, blank ones dropped, runs of space collapsed. Raises DomainError."""
    if len(value) > 4 * MAX_POSTAL:
        raise _too_long(MAX_POSTAL, *field)
    lines = (line(part, MAX_POSTAL, *field) for part in value.splitlines())
    text = "\n".join(part for part in lines if part)
    if len(text) > MAX_POSTAL:
        raise _too_long(MAX_POSTAL, *field)
    return some(text, *field)


def address_hash(key: bytes, channel: Channel, value: str) -> bytes:
    """The 32 octets that outlive an erased address: HMAC-SHA256 over the channel and SHA-256 of it in lower case.

    `value` is normalised. So that lists of SHA-256 from other systems can be taken in (rules.md, "Sticky").
    """
    return keyed(key, channel, hashlib.sha256(value.lower().encode()).digest())


def keyed(key: bytes, channel: Channel, digest: bytes) -> bytes:
    """The hash of an address of which only the SHA-256 is known."""
    return hmac.digest(key, channel.encode() + digest, "sha256")


@dataclass(frozen=True, slots=True)
class Derived:
    """What a contact's row keeps of its names and points: to show, to order by, to search."""

    name: str
    email: str
    phone: str
    search: str


def derive(
    first_name: str | None,
    last_name: str | None,
    external: str | None,
    points: Iterable[tuple[Channel, int, str]],
) -> Derived:
    """What follows from a contact's details and its points (channel, slot, value)."""
    values = {(channel, number): value for channel, number, value in points}
    primary = values.get((Channel.EMAIL, 1), "")
    number = values.get((Channel.SMS, 1)) or values.get((Channel.CALL, 1), "")
    shown = " ".join(part for part in (first_name, last_name) if part) or primary or number or external or ""
    emails = [value for (channel, _), value in sorted(values.items()) if channel is Channel.EMAIL]
    phones = {values[channel, 1] for channel in (Channel.SMS, Channel.CALL) if (channel, 1) in values}
    return Derived(shown, primary, number, search_text(shown, emails, sorted(phones)))


def search_text(shown: str, emails: Iterable[str], phones: Iterable[str]) -> str:
    """What a search looks through: a line for each name and email, then, after a tab, one for each phone number.

    A line break keeps a match inside one of them; the tab lets a search by digits look at phone numbers alone.
    """
    readable = (text for email in emails for text in dict.fromkeys((email, _unicode_domain(email))))
    return f"{chr(10).join(dict.fromkeys((shown, *readable)))}\t{chr(10).join(phones)}".casefold()


def _judged_email(value: str, *field: str) -> str:
    try:
        judged = email_validator.validate_email(value, strict=True, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError as error:
        raise invalid(str(error), *field) from None
    return f"{judged.local_part}@{judged.ascii_domain.lower()}"


def _unicode_domain(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if "xn--" not in domain:
        return value
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return value


class _NotJsonError(ValueError):
    """Values that JSON, or the database, has no place for."""


def _check_json(value: Any, depth: int) -> None:
    if depth == 0:
        raise _NotJsonError(f"Nested at most {MAX_DEPTH} deep.")
    match value:
        case dict():
            for key, inner in value.items():
                _check_json(key, 1)
                _check_json(inner, depth - 1)
        case list():
            for inner in value:
                _check_json(inner, depth - 1)
        case str() if not storable(value):
            raise _NotJsonError("NUL and broken characters are not allowed.")
        case int() if not -(2**63) <= value < 2**63:
            raise _NotJsonError("A whole number has at most 64 bits.")


def some(text: str, *field: str) -> str:
    """The text, which must not be empty. Raises DomainError INVALID."""
    if not text:
        raise invalid("This cannot be empty.", *field)
    return text


def _too_long(most: int, *field: str) -> DomainError:
    return DomainError(ErrorCode.TOO_LARGE, f"At most {most} characters.", *field)

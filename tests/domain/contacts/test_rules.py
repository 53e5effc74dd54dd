"""What a contact's details may hold, and how each is written."""

import hashlib
import hmac
from typing import Any

import email_validator
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contacts import rules
from domain.errors import DomainError, ErrorCode
from domain.values import Channel


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Anna.Smith@Example.COM", "Anna.Smith@example.com"),
        ("\u00a0anna@example.com\u2003", "anna@example.com"),
        ("\ufeffanna@example.com\u200b", "anna@example.com"),
        ("anna@b\u00fccher.example", "anna@xn--bcher-kva.example"),
        ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
        ("ann\u00e9@example.com", "ann\u00e9@example.com"),
        ("a+tag@mail.example.co.uk", "a+tag@mail.example.co.uk"),
        ("anna@shop.test", "anna@shop.test"),
    ],
)
def test_an_email_is_normalised(written: str, kept: str) -> None:
    """The domain goes to lower case and IDNA, surrounding space goes, the local part stays as written."""
    assert rules.email(written) == kept


@pytest.mark.parametrize(
    "written",
    ["", "anna", "anna@", "@example.com", "a b@example.com", "a@b@c.de", "a@localhost", "a@x.invalid", "a..b@c.de",
     "a@-b.de", "a@b_c.de", "a@1.2.3.4", "a@[1.2.3.4]", '"a b"@c.de', "Anna <a@b.de>", "a@b.de\x00", "\ud800@b.de",
     "a\n@b.de", "a@b.de.", f"{'a' * 65}@b.de"],
)  # fmt: skip
def test_what_is_no_email_is_invalid(written: str) -> None:
    """Whatever cannot be an address is refused in words, with the field it was in."""
    with pytest.raises(DomainError) as refusal:
        rules.email(written, "points", "0", "value")
    assert (refusal.value.code, refusal.value.field) == (ErrorCode.INVALID, ("points", "0", "value"))


label = st.from_regex(r"[A-Za-z0-9-]{1,6}", fullmatch=True)
address = st.builds(
    lambda local, labels, tld: f"{local}@{'.'.join([*labels, tld])}",
    st.text("abzAZ09.+-_'{}!", min_size=1, max_size=70),
    st.lists(label, min_size=0, max_size=3),
    st.from_regex(r"[a-zA-Z0-9-]{1,4}", fullmatch=True),
)


@settings(deadline=None)
@given(address)
def test_the_fast_path_agrees_with_the_validator(written: str) -> None:
    """A plain address is settled without the validator, and exactly as the validator would settle it."""
    try:
        judged = email_validator.validate_email(written, strict=True, check_deliverability=False, test_environment=True)
        expected: str | None = f"{judged.local_part}@{judged.ascii_domain}"
    except email_validator.EmailNotValidError:
        expected = None
    try:
        found: str | None = rules.email(written)
    except DomainError:
        found = None
    assert found == expected


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("+1 (202) 555-0100", None, "+12025550100"),
        ("(202) 555-0100", "US", "+12025550100"),
        ("0170 1234567", "DE", "+491701234567"),
        ("0049 170 1234567", "DE", "+491701234567"),
        ("+44 (0) 20 7946 0000", None, "+442079460000"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("\u00a0+49 30 123456\u00a0", "US", "+4930123456"),
        ("tel:+1-202-555-0100", None, "+12025550100"),
        ("+800 1234 5678", None, "+80012345678"),
    ],
)
def test_a_phone_number_is_kept_in_e164(written: str, country: str | None, kept: str) -> None:
    """Any possible number of any type; a national one is read in the account's country."""
    assert rules.phone(written, country) == kept


@pytest.mark.parametrize("written", ["", "abc", "12", "+1 202", "555-0100", "+1 202 555 0100 ext. 5", "+999123456789",
                                     "+12025550100\x00", "9" * 101, "\ud800"])  # fmt: skip
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    """No number, one too short or too long, one that cannot be dialled from elsewhere, and an extension."""
    with pytest.raises(DomainError):
        rules.phone(written, "US")


def test_a_national_number_needs_a_country() -> None:
    """Without a default country the refusal says what to write."""
    with pytest.raises(DomainError, match="country code"):
        rules.phone("0170 1234567", None)


@settings(deadline=None)
@given(st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True))
def test_the_fast_path_agrees_with_phonenumbers(written: str) -> None:
    """A clean North American number is what the library makes of it."""
    number = phonenumbers.parse(written, None)
    assert phonenumbers.is_possible_number(number)
    assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == rules.phone(written, None)


def test_a_postal_address_keeps_its_lines() -> None:
    """Its lines are trimmed, blank ones dropped, runs of space collapsed."""
    assert rules.postal("  12  Main\u00a0St \r\n\n Springfield ") == "12 Main St\nSpringfield"


@pytest.mark.parametrize("channel", list(Channel))
def test_ten_megabytes_are_refused_at_once(channel: Channel) -> None:
    """A value that is far too long is TOO_LARGE before anything else looks at it."""
    with pytest.raises(DomainError) as refusal:
        rules.address(channel, "a@b.de " * 1_500_000, "US")
    assert refusal.value.code is ErrorCode.TOO_LARGE


anything = st.text(st.characters(), max_size=40)
"""Every code point, broken surrogates included."""


@settings(deadline=None)
@given(anything, st.sampled_from(Channel), st.sampled_from([None, "US", "DE"]))
def test_any_text_is_kept_or_refused(text: str, channel: Channel, country: str | None) -> None:
    """Nothing but a DomainError ever comes out, and what is kept is kept again as it is."""
    for check in (lambda t: rules.address(channel, t, country), rules.name, rules.external_id, rules.tag):
        try:
            kept = check(text)
        except DomainError:
            continue
        assert kept is None or (rules.storable(kept) and check(kept) == kept)


@settings(deadline=None)
@given(st.text("abü@.-xn ", min_size=3), st.sampled_from(["a@xn--zzz---.de", "a@xn--a.de", "ü@b.de"]))
def test_almost_addresses_are_kept_or_refused(text: str, almost: str) -> None:
    """What looks like an address, also in punycode that decodes to nothing."""
    for written in (text, f"a@{text}", almost):
        try:
            rules.derive(None, None, None, [(Channel.EMAIL, 1, rules.email(written))])
        except DomainError:
            continue


def test_a_domain_that_does_not_decode_is_searched_as_it_is() -> None:
    """Taken in before, by rules of another day."""
    assert rules.search_text("", ["a@xn--\uffff.de"], []) == "\na@xn--\uffff.de\t"


def test_a_long_postal_address_is_too_large() -> None:
    """1,000 characters over all of its lines."""
    with pytest.raises(DomainError) as refusal:
        rules.postal(f"{'a' * 600}\n{'b' * 600}")
    assert refusal.value.code is ErrorCode.TOO_LARGE


def test_names_are_one_line() -> None:
    """Trimmed, composed, each run of space a single one; nothing left is no name."""
    assert rules.name("  Anna\u00a0 Mari\u0065\u0301 ") == "Anna Marié"
    assert rules.name(" \u00a0") is None
    assert rules.name(None) is None


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\ud800b", "a\x85\x9fb"])
def test_control_characters_are_refused(text: str) -> None:
    """NUL, control characters and broken surrogates have no place in a name, an id or a tag."""
    for check in (rules.name, rules.external_id, rules.tag):
        with pytest.raises(DomainError) as refusal:
            check(text, "field")
        assert refusal.value.code is ErrorCode.INVALID


def test_lengths_are_limited() -> None:
    """Names and external ids have 200 characters at most, tags 100, and a contact 100 tags."""
    assert rules.name("a" * 200) == "a" * 200
    for check in (
        lambda: rules.name("a" * 201),
        lambda: rules.external_id("a" * 201),
        lambda: rules.tag("a" * 101),
        lambda: rules.tags(["a"] * 101),
    ):
        with pytest.raises(DomainError) as refusal:
            check()
        assert refusal.value.code is ErrorCode.TOO_LARGE


def test_blank_ids_and_tags_are_refused() -> None:
    """An external id or a tag that is only space is INVALID: null says that there is none."""
    with pytest.raises(DomainError):
        rules.external_id(" ")
    with pytest.raises(DomainError) as refusal:
        rules.tags(["vip", ""], "tags")
    assert refusal.value.field == ("tags", "1")


def test_tags_are_kept_once() -> None:
    """A tag named twice is one tag; case counts."""
    assert rules.tags(["vip", " vip ", "VIP"]) == ["vip", "VIP"]


@pytest.mark.parametrize(
    "values",
    [[1], "text", None, {"a": float("nan")}, {"a": float("inf")}, {"a": "\x00"}, {"\x00": 1}, {"a": "\ud800"},
     {"a": 2**63}, {"a": [[-(2**63) - 1]]}, {"a": object()}],
)  # fmt: skip
def test_attributes_are_a_json_object(values: Any) -> None:
    """Anything that JSON or the database has no place for is INVALID."""
    with pytest.raises(DomainError) as refusal:
        rules.attributes(values)
    assert refusal.value.code is ErrorCode.INVALID


def test_attributes_are_limited() -> None:
    """16 KiB of JSON and 20 levels at most."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(DomainError, match="deep"):
        rules.attributes(deep)
    with pytest.raises(DomainError) as refusal:
        rules.attributes({"a": "ü" * 9_000})
    assert refusal.value.code is ErrorCode.TOO_LARGE
    assert rules.attributes({"b": [1, 2.5, None, True, "ü"]}) == '{"b":[1,2.5,null,true,"ü"]}'


def test_the_hash_is_keyed_and_ignores_case() -> None:
    """HMAC-SHA256 over the channel and the SHA-256 of the address in lower case (rules.md, "Sticky")."""
    digest = hashlib.sha256(b"anna@example.com").digest()
    expected = hmac.new(b"k" * 32, b"EMAIL" + digest, "sha256").digest()
    assert rules.address_hash(b"k" * 32, Channel.EMAIL, "Anna@example.com") == expected
    assert rules.address_hash(b"k" * 32, Channel.SMS, "+1") != rules.address_hash(b"k" * 32, Channel.CALL, "+1")


@pytest.mark.parametrize(
    ("first", "last", "external", "points", "name"),
    [
        ("Anna", "Smith", "x1", [(Channel.EMAIL, 1, "a@b.de")], "Anna Smith"),
        (None, "Smith", None, [], "Smith"),
        (None, None, "x1", [(Channel.EMAIL, 1, "a@b.de"), (Channel.SMS, 1, "+1")], "a@b.de"),
        (None, None, "x1", [(Channel.EMAIL, 2, "a@b.de"), (Channel.CALL, 1, "+2")], "+2"),
        (None, None, "x1", [(Channel.POST, 1, "12 Main St")], "x1"),
        (None, None, None, [], ""),
    ],
)
def test_a_contact_is_shown_by_what_it_has(
    first: str | None, last: str | None, external: str | None, points: list[tuple[Channel, int, str]], name: str
) -> None:
    """First and last name, else the primary email, the phone, the external id, or empty."""
    assert rules.derive(first, last, external, points).name == name


def test_the_phone_is_the_sms_number() -> None:
    """The primary SMS number, else the CALL number."""
    both = [(Channel.CALL, 1, "+2"), (Channel.SMS, 1, "+1")]
    assert rules.derive(None, None, None, both).phone == "+1"

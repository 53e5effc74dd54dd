"""Tokens: good for one thing, about one address, under every secret that ever signed."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.infra.settings import settings
from domain.recipients.tokens import GOOD_FOR, Expired, Purpose, Token, issue, read

ACCOUNT, ADDRESS, TOPIC = UUID(int=1), UUID(int=2**100), UUID(int=3)
LASTING = [purpose for purpose in Purpose if purpose not in GOOD_FOR]


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A patch of the environment whose secrets are read afresh, during the test and after it."""
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("topic", [None, TOPIC])
def test_a_token_says_what_it_was_issued_for(purpose: Purpose, topic: UUID | None) -> None:
    """Account, address, topic and moment come back as they went in."""
    now = datetime.now(UTC)
    text = issue(purpose, ACCOUNT, ADDRESS, topic_id=topic, at=now)
    assert read(purpose, text) == Token(purpose, ACCOUNT, ADDRESS, topic, now)


def test_an_unsubscribe_token_is_short_the_same_each_time_and_needs_no_escape() -> None:
    """67 characters that stand in a URL as they are, so a plain-text mail does not break the link."""
    text = issue(Purpose.UNSUBSCRIBE, ACCOUNT, ADDRESS)
    assert text == issue(Purpose.UNSUBSCRIBE, ACCOUNT, ADDRESS)
    assert re.fullmatch(r"[A-Za-z0-9_-]{67}", text)


@pytest.mark.parametrize("purpose", LASTING)
def test_who_has_a_mail_can_always_leave(purpose: Purpose) -> None:
    """However long ago it was issued."""
    text = issue(purpose, ACCOUNT, ADDRESS, at=datetime(1999, 1, 1, tzinfo=UTC))
    assert read(purpose, text).subject_id == ADDRESS


@pytest.mark.parametrize("purpose", GOOD_FOR)
def test_what_expires_says_so(purpose: Purpose) -> None:
    """A genuine token that is too old is told from a forged one, and says whose it was."""
    then = datetime.now(UTC) - GOOD_FOR[purpose] - timedelta(seconds=1)
    with pytest.raises(Expired) as refused:
        read(purpose, issue(purpose, ACCOUNT, ADDRESS, at=then))
    assert refused.value.token.subject_id == ADDRESS


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_for_one_thing_is_none_for_another(purpose: Purpose) -> None:
    """Each purpose refuses the tokens of all others."""
    text = issue(purpose, ACCOUNT, ADDRESS)
    for other in set(Purpose) - {purpose}:
        with pytest.raises(DomainError):
            read(other, text)


def test_every_character_counts() -> None:
    """Cut anywhere, or with any one character changed or added, it is refused."""
    text = issue(Purpose.UNSUBSCRIBE, ACCOUNT, ADDRESS)
    spoiled = {text[:n] for n in range(len(text))}
    spoiled |= {text[:n] + ("A" if text[n] != "A" else "B") + text[n + 1 :] for n in range(len(text))}
    spoiled |= {text + more for more in ("=", "A", "\n", " ", "é", "AAAA" * 50)}
    for forged in spoiled:
        with pytest.raises(DomainError):
            read(Purpose.UNSUBSCRIBE, forged)


@given(st.text(max_size=250) | st.text("abcXYZ019-_", min_size=60, max_size=120))
def test_nonsense_is_refused_and_nothing_worse(text: str) -> None:
    """Whatever stands in the place of a token, the answer is a refusal."""
    with pytest.raises(DomainError):
        read(Purpose.UNSUBSCRIBE, text)


def test_links_outlive_their_secret(secret: pytest.MonkeyPatch) -> None:
    """A new secret signs, an old one still counts, and one that was taken off the list does no more."""
    before = os.environ["ASSENT_SECRET"]
    text = issue(Purpose.UNSUBSCRIBE, ACCOUNT, ADDRESS)
    secret.setenv("ASSENT_SECRET", "another secret, of which nobody knows anything")
    settings.cache_clear()
    with pytest.raises(DomainError):
        read(Purpose.UNSUBSCRIBE, text)
    secret.setenv("ASSENT_SECRETS_OLD", f"one that was before the last one was, {before}")
    settings.cache_clear()
    assert read(Purpose.UNSUBSCRIBE, text).subject_id == ADDRESS
    renewed = issue(Purpose.UNSUBSCRIBE, ACCOUNT, ADDRESS)
    assert renewed != text
    assert read(Purpose.UNSUBSCRIBE, renewed).subject_id == ADDRESS

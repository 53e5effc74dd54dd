"""What a text message asks for."""

import pytest

from domain.inbound.rules import Keyword, keyword


@pytest.mark.parametrize(
    "text",
    """STOP|stop|Stop.| STOP! |"stop"|STOP ALL|stopall|Unsubscribe|CANCEL|end|Quit...|revoke|Opt out.|OPT-OUT|\
ＳＴＯＰ|s t o p|Stop 🛑""".split("|"),  # noqa: RUF001, SIM905 - as phones write it
)
def test_stop_by_its_letters_alone(text: str) -> None:
    """Whatever stands around and between the letters."""
    assert keyword(text) is Keyword.STOP


@pytest.mark.parametrize("text", ["START", "unstop", "Yes!", "YES please"[:3]])
def test_start(text: str) -> None:
    """Each of the words that give back."""
    assert keyword(text) is Keyword.START


@pytest.mark.parametrize("text", ["HELP", "help?", "Info"])
def test_help(text: str) -> None:
    """Each of the words that ask."""
    assert keyword(text) is Keyword.HELP


@pytest.mark.parametrize("text", ["", "!!!", "Please don't stop", "stopping", "yesterday", "STOP" + " " * 300, "1"])
def test_a_message_that_says_more_is_none(text: str) -> None:
    """A keyword is the whole message."""
    assert keyword(text) is None

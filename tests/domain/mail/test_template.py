"""Templates that customers write: what they may do, and that none runs away."""

import pytest

from domain.confirmations.words import LISTS, NAMES, Facts, Templates, check, filled_in
from domain.errors import DomainError, ErrorCode, Refusals
from domain.mail.template import MAX_SOURCE, check_template, rendered

LINK = "https://example.com/c/x"
GOOD = Templates(
    "Hello{% if first_name %} {{ first_name }}{% endif %}",
    "{% for topic in topics %}{{ loop.index }}. {{ topic|upper }}\n{% endfor %}{{ link }}",
    '<p>{{ account_name }}</p><a href="{{ link }}">Yes</a>',
)


def test_a_mail_in_the_accounts_words() -> None:
    """Names, a loop and a condition; in HTML every value is escaped, and the subject is one line."""
    check(GOOD)
    said = filled_in(GOOD, Facts("A & <b>", LINK, "Anna\r\nBcc: eve@example.com", "", ("News", "Offers")))
    assert said.subject == "Hello Anna Bcc: eve@example.com"
    assert said.text == f"1. NEWS\n2. OFFERS\n{LINK}"
    assert said.html == f'<p>A &amp; &lt;b&gt;</p><a href="{LINK}">Yes</a>'


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ link.format }}",
        "{{ link['x'] }}",
        "{{ 'a' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ range(99999999) }}",
        "{% for a in topics %}{% for b in topics %}x{% endfor %}{% endfor %}",
        "{% for a in link %}x{% endfor %}",
        "{% for a in topics recursive %}{{ loop(topics) }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = 'a' ~ 'b' %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ link|replace('', 'aaaa') }}",
        "{{ link|join('aaaa')|join('bbbb') }}",
        "{{ link|center(999999999) }}",
        "{{ '%999999999d'|format(1) }}",
        "{{ config }}",
        "{{",
        "{{ " + "(" * 5_000 + ")" * 5_000 + " }}",
        "{{ " + "not " * 20_000 + "link }}",
        "\x00",
    ],
)
def test_more_than_a_template_may_do(source: str) -> None:
    """Refused before it is run, in words that name the line."""
    with pytest.raises(DomainError) as caught:
        check_template(source, NAMES, LISTS, "text")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID, ("text",))


def test_sizes_are_bounded() -> None:
    """A template that is too long, or a mail that would be."""
    with pytest.raises(DomainError) as caught:
        check_template("x" * (MAX_SOURCE + 1), NAMES, LISTS)
    assert caught.value.code is ErrorCode.TOO_LARGE
    swelling = "{% for topic in topics %}" + "x" * 90_000 + "{% endfor %}"
    check_template(swelling, NAMES, LISTS)
    with pytest.raises(DomainError) as caught:
        rendered(swelling, {"topics": ["a"] * 5}, html=False)
    assert caught.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "{{ first_name }}"}, "subject"),
        ({"text": "No link."}, "text"),
        ({"text": "{% if topics %}{{ link }}{% endif %}"}, "text"),
        ({"html": "<!-- {{ link }} -->"}, "html"),
        ({"html": '{% if first_name %}<a href="{{ link }}">x</a>{% endif %}'}, "html"),
        ({"html": '<a href="{{ link }}x">x</a>'}, "html"),
    ],
)
def test_the_link_is_there_in_every_case(changed: dict[str, str], field: str) -> None:
    """Whatever is known of the recipient, text and HTML lead to the page; and a subject says something."""
    given = {"subject": GOOD.subject, "text": GOOD.text, "html": GOOD.html} | changed
    with pytest.raises(Refusals) as caught:
        check(Templates(**given))
    assert [(error.code, error.field) for error in caught.value.errors] == [(ErrorCode.INVALID, (field,))]

"""Templates and data that mean harm: what they try is refused when it is saved, or does nothing when it is sent."""

import pytest

from domain.actor import Actor
from domain.contacts.queries import Lookup
from domain.errors import ErrorCode, Refusals
from domain.infra.db import pool
from domain.mail.template import MAX_OUTPUT, MAX_SOURCE
from domain.messages.forms import MAIL, check_words
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template
from domain.messages.transactional import send_transactional
from tests.domain.contacts.people import opted_in
from tests.domain.messages.test_journeys import WORDS, by_hand, journey
from tests.mailing import Server, mails, send_mail, text

LINK = "{{ unsubscribe }}"
HTML = '<a href="{{ unsubscribe }}">x</a>'


def codes(part: str, source: str) -> list[ErrorCode]:
    """The codes with which a part of a template is refused."""
    said = {"subject": "News", "text": LINK, "html": HTML}
    if part == "subject":
        said |= {part: source}
    else:
        said |= {part: source + said[part]}
    with pytest.raises(Refusals) as refusal:
        check_words(MAIL, Templates(**said), (), marketing=True)
    assert {error.field for error in refusal.value.errors} == {("message", part)}
    return [error.code for error in refusal.value.errors]


@pytest.mark.parametrize("part", ["subject", "text", "html"])
@pytest.mark.parametrize(
    "source",
    [
        # Reads what is not given.
        "{{ settings }}",
        "{{ config.SECRET_KEY }}",
        "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{{ request }}",
        "{{ contact.password }}",
        "{{ frist_name }}",
        "{% if secret is defined %}x{% endif %}",
        "{% include 'page.html' %}",
        "{% extends 'page.html' %}",
        "{% import 'os' as os %}",
        # Attributes, items and calls.
        "{{ name.__class__.__mro__[1].__subclasses__() }}",
        "{{ name['__class__'] }}",
        "{{ name|attr('__class__') }}",
        "{{ ''.join(name) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ namespace(x=1) }}",
        "{{ name() }}",
        "{{ (1).__class__ }}",
        "{{ name|map('upper') }}",
        "{{ name|safe }}",
        "{% autoescape false %}{{ name }}{% endautoescape %}",
        "{% filter safe %}{{ name }}{% endfilter %}",
        # Never ends, or grows.
        "{% for x in name %}x{% endfor %}",
        "{% for x in range(999999999) %}x{% endfor %}",
        "{% for x in [1, 2, 3] %}x{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set x = name %}",
        "{% set x %}{{ name }}{% endset %}",
        "{{ 'a' * 999999999 }}",
        "{{ 'a'|center(999999999) }}",
        "{{ 'a'.ljust(999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ name ~ name }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 9 << 999999999 }}",
        "{{ name|replace('a', 'aaaa') }}",
        "{{ name|indent(999999999) }}",
        "{{ name|wordwrap(1) }}",
        "{{ [name] }}",
        "{{ {'a': name} }}",
        "{{ " + "(" * 3_000 + "name" + ")" * 3_000 + " }}",
        "{{ name }}" * 4_000,
        "{{ name" + " and name" * 9_000 + " }}",
        "{{ 'a'" + " == 'a'" * 9_000 + " }}",
        "{% if name %}" * 600 + "x" + "{% endif %}" * 600,
        "{{ '" + "\\u0041" * 10 + "'.x }}",
    ],
)
def test_what_no_template_may_do(part: str, source: str) -> None:
    """Refused when it is saved, at its part, whether or not it is the one to be shown first."""
    assert set(codes(part, source)) == {ErrorCode.INVALID}


async def test_how_large_it_may_be(actor: Actor) -> None:
    """Its source, and what it comes to with the longest values that can be brought."""
    assert codes("text", "x" * MAX_SOURCE) == [ErrorCode.TOO_LARGE]
    ada = await opted_in(actor, "ada@example.com")
    swelling = Templates("Order", "{{ n }}" * 1_000, "<p>Order</p>")
    kept = await create_template(actor, "swelling", "Swelling", swelling, marketing=False, fields=["n"])
    await send_transactional(actor, Lookup(id=ada), kept.id, {"n": "x" * (MAX_OUTPUT // 500)})
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("QUEUED", 1, 0)]


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("text", "No link"),
        ("text", "{% if first_name %}{{ unsubscribe }}{% endif %}"),
        ("text", "{% if not topic %}{{ unsubscribe }}{% endif %}"),
        ("text", "{{ unsubscribe }}x"),
        ("text", "{{ unsubscribe|upper }}"),
        ("text", "{{ preferences }}"),
        ("html", "{{ unsubscribe }}"),
        ("html", "<!-- <a href='{{ unsubscribe }}'>x</a> -->"),
        ("html", "<a href='{{ unsubscribe }}x'>x</a>"),
        ("html", "<a data-href='{{ unsubscribe }}'>x</a>"),
        ("html", "<a title='{{ unsubscribe }}' href='https://example.com'>x</a>"),
        ("html", "{% if last_name %}<a href='{{ unsubscribe }}'>x</a>{% endif %}"),
    ],
)
def test_marketing_always_leads_out(part: str, source: str) -> None:
    """Both parts hold the whole link, where a person can follow it, whatever is known of them."""
    said = {"subject": "News", "text": LINK, "html": HTML} | {part: source}
    with pytest.raises(Refusals) as refusal:
        check_words(MAIL, Templates(**said), (), marketing=True)
    assert [error.field for error in refusal.value.errors] == [("message", part)]


@pytest.mark.parametrize(
    "evil",
    [
        "A\r\nBcc: eve@example.com",
        "A\nBcc: eve@example.com",
        "A\rBcc: eve@example.com",
        "A\x0bBcc: eve@example.com",
        "A\x85Bcc: eve@example.com",
        "A\u2028Bcc: eve@example.com",
        "A\r\n\r\nHello",
        "A\r\n.\r\nMAIL FROM:<eve@example.com>",
        "=?utf-8?q?A=0D=0ABcc:_eve@example.com?=",
        '"<eve@example.com>, "',
        "A" * 190 + "\r\nBcc: eve@example.com",
    ],
)
async def test_no_header_is_smuggled_in(actor: Actor, mailbox: Server, evil: str) -> None:
    """By no name, subject or data: one mail goes, to whom it is for, with our headers alone."""
    ada = await opted_in(actor, "ada@example.com")
    words = Templates("Re {{ x }}", "{{ x }}", "<p>{{ x }}</p>")
    kept = await create_template(actor, "evil", "Evil", words, marketing=False, fields=["x"])
    await send_transactional(actor, Lookup(id=ada), kept.id, {"x": evil})
    await send_mail(actor.account_id)
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["ada@example.com"]
    assert (mail["bcc"], mail["cc"], mail["to"]) == (None, None, "ada@example.com")
    assert len(mail.get_all("subject") or []) == 1
    assert "\n" not in str(mail["subject"])
    known = {"from", "to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress"}
    assert {name.lower() for name in mail} <= known | {"content-language", "mime-version", "content-type"}


async def test_an_account_names_no_header(actor: Actor, mailbox: Server) -> None:
    """The account's own name, whatever is in its row, is the name of the sender and nothing more."""
    await pool().execute(
        "UPDATE account SET name = $2 WHERE account_id = $1", actor.account_id, 'Evil\r\nBcc: e@example.com"<x@y>'
    )
    await by_hand(actor, await journey(actor), await opted_in(actor, "ada@example.com"))
    await send_mail(actor.account_id)
    (mail,) = mailbox.mails
    assert (mailbox.recipients, mail["bcc"]) == (["ada@example.com"], None)
    (sender,) = mail["from"].addresses
    assert sender.display_name == 'Evil Bcc: e@example.com"<x@y>'


async def test_a_name_is_text_and_no_markup(actor: Actor, mailbox: Server) -> None:
    """A person's name is neither a template nor HTML, and breaks out of no attribute in quotes."""
    evil = "{{ unsubscribe }}\"'><img src=x>"
    ada = await opted_in(actor, "ada@example.com", first_name=evil)
    said = Templates(WORDS.subject, WORDS.text, '<p title="{{ first_name }}">{{ first_name }}</p>' + HTML)
    kept = await create_template(actor, "titles", "Titles", said)
    await by_hand(actor, await journey(actor, template_id=kept.id), ada)
    await send_mail(actor.account_id)
    (mail,) = mailbox.mails
    assert str(mail["subject"]) == f"Welcome, {evil}"
    html = text(mail, "html")
    assert "<img" not in html
    assert html.count("{{ unsubscribe }}&#34;&#39;&gt;&lt;img src=x&gt;") == 2

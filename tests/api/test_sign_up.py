"""signUp from outside: one answer for everybody, from the pages that the key is bound to."""

import pytest

from api.http.key_origins import forget_origins
from domain.accounts.keys import create_key, revoke_key
from domain.actor import Scope
from domain.errors import DomainError
from domain.infra import bucket
from domain.infra.db import pool
from tests.api.client import Client, connected
from tests.mailing import Server, mailbox, work_through

__all__ = ["mailbox"]

SITE = "https://www.example.com"
FORM = {"formUrl": f"{SITE}/news", "wording": "Yes, I want news from Example."}


@pytest.fixture
async def form(api: Client) -> Client:
    """A key of scope `signup`, bound to one site."""
    bucket.forget()
    forget_origins()
    key = await create_key(api.actor, "Form", [Scope.SIGNUP], origins=[f"{SITE}/", "http://localhost:3000"])
    return Client(api.actor, key.text)


async def test_one_answer_for_everybody(api: Client, form: Client, mailbox: Server) -> None:
    """Known, unknown, opted out, trapped: the same, to the byte, and before anything was looked up."""
    await api.opted_in("known@example.org")
    out = await api.opted_in("out@example.org")
    await api.changed("optOutContact", contactId=out["id"])
    text = "mutation($input: SignUpInput!) { signUp(input: $input) { accepted userErrors { code } } }"
    answers = set()
    for email in ("known@example.org", "new@example.org", "out@example.org"):
        for more in ({}, {"trap": "x"}, {"doubleOptIn": False}):
            body = {"query": text, "variables": {"input": FORM | {"email": email} | more}}
            answers.add((await form.post(body, headers={"origin": SITE})).text)
    assert len(answers) == 1
    assert '"accepted":true' in answers.pop()
    await work_through(api.actor)
    assert {mail["to"] for mail in mailbox.mails} == {"known@example.org", "new@example.org", "out@example.org"}


async def test_a_key_in_a_page_does_nothing_else(api: Client, form: Client) -> None:
    """It takes sign-ups in, from the pages of its origins alone."""
    body = {"query": "{ contacts { nodes { email } } }"}
    answer = (await form.post(body, headers={"origin": SITE})).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for headers in ({}, {"origin": "https://evil.example.com"}, {"origin": "null"}):
        response = await form.post(body, headers=headers)
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
    with_write = await api.with_scopes(Scope.WRITE)
    text = 'mutation { signUp(input: { formUrl: "x", wording: "x" }) { accepted } }'
    assert (await with_write.error(text))["extensions"]["code"] == "FORBIDDEN"


async def test_browsers_may_ask(api: Client, form: Client) -> None:
    """A preflight of an origin that a key is bound to is let through; of no other, and not of a revoked key's."""
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    async with connected() as http:
        for origin, allowed in ((SITE, True), ("http://localhost:3000", True), ("https://evil.example.com", False)):
            answer = await http.options("/graphql", headers=ask | {"origin": origin})
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
            assert answer.is_success is allowed
        elsewhere = await http.options("/readyz", headers=ask | {"origin": SITE})
        assert "access-control-allow-origin" not in elsewhere.headers
        key_id = await pool().fetchval("SELECT id FROM api_key WHERE origins <> '{}'")
        await revoke_key(api.actor, key_id)
        forget_origins()
        revoked = await http.options("/graphql", headers=ask | {"origin": SITE})
        assert "access-control-allow-origin" not in revoked.headers


@pytest.mark.parametrize(
    "origin", ["www.example.com", "https://www.example.com/path", "ftp://x.example", "*", "https://"]
)
async def test_origins_that_are_none(api: Client, origin: str) -> None:
    """An origin is a scheme, a host and a port."""
    with pytest.raises(DomainError):
        await create_key(api.actor, "Form", [Scope.SIGNUP], origins=[origin])


async def test_what_is_refused(form: Client) -> None:
    """In words and with the field, as everywhere."""
    text = "mutation($input: SignUpInput!) { signUp(input: $input) { accepted userErrors { code field } } }"
    given = FORM | {"email": "nobody", "topics": ["x"]}
    answers = []
    for asked in (given, given | {"topics": []}):
        response = await form.post({"query": text, "variables": {"input": asked}}, headers={"origin": SITE})
        answers.append(response.json()["data"]["signUp"])
    assert answers == [
        {"accepted": False, "userErrors": [{"code": "NOT_FOUND", "field": ["topics", "0"]}]},
        {"accepted": False, "userErrors": [{"code": "INVALID", "field": ["email"]}]},
    ]

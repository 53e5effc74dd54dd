"""Lists brought in: who is created, who is changed, and what is done about permission."""

from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk.values import OperationStatus
from domain.consent.lifecycle import archive
from domain.consent.opt_out import opt_out
from domain.contacts.erase import erase_contact
from domain.contacts.rules import derive
from domain.errors import DomainError, Refusals
from domain.groups.create import create_group
from domain.imports.choice import Chosen
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.source import Inline
from domain.imports.values import OnExisting
from domain.infra.db import pool
from domain.values import Channel, OptOutPolicy
from tests.domain.contacts.people import (
    account,
    counts_are_exact,
    history_of,
    opted_in,
    person,
    points_of,
    refused,
    row,
    topic_ids,
)
from tests.domain.imports.importing import EVIDENCE, bring, consents, figures, ids, ledger_size, told

EMAIL, SMS = Channel.EMAIL, Channel.SMS


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account in an empty database."""
    return await account()


LIST = "email,first name,last name,mobile\nann@example.com,Ann,Lee,+14155550101\nbob@example.com,Bob,,\n"


async def test_new_contacts(actor: Actor) -> None:
    """Each row becomes a contact, opted in on the strength of the import's evidence."""
    done = await bring(actor, LIST)
    assert figures(done) == (2, 0, 0, 0)
    assert done.counts == {"created": 2, "opted_in": 2}
    ann = (await ids(actor))["ann@example.com"]
    assert await consents(actor, ann) == [
        ("EMAIL", 1, "ann@example.com", "SINGLE_OPT_IN"),
        ("SMS", 1, "+14155550101", "NON_MARKETABLE"),
    ]
    assert await history_of(actor, ann) == ["CONTACT_CREATED", "ADDRESS_ADDED", "OPT_IN", "ADDRESS_ADDED"]
    proof = (await points_of(actor, ann))[0].proof
    kept = await pool().fetchrow(
        "SELECT e.statement, l.operation_id, l.source FROM ledger l"
        " JOIN evidence e ON e.account_id = l.account_id AND e.id = l.evidence_id WHERE l.position = $1",
        proof,
    )
    assert kept is not None
    assert tuple(kept) == (EVIDENCE.statement, done.id, "IMPORT")
    await counts_are_exact(actor)


async def test_the_same_list_again_writes_nothing(actor: Actor) -> None:
    """What already holds is not written: no entry, no version, no row."""
    await bring(actor, LIST)
    before = await ledger_size(actor), await pool().fetchval("SELECT sum(version) FROM contact")
    again = await bring(actor, LIST)
    assert figures(again) == (0, 2, 0, 0)
    assert again.counts == {}
    assert (await ledger_size(actor), await pool().fetchval("SELECT sum(version) FROM contact")) == before


async def test_without_permission(actor: Actor) -> None:
    """Without a statement of permission contacts enter NON_MARKETABLE, and none loses what it had."""
    known = await opted_in(actor, "bob@example.com")
    done = await bring(actor, LIST, granted=False)
    assert done.counts == {"created": 1, "updated": 1}
    found = await ids(actor)
    assert (await consents(actor, found["ann@example.com"]))[0][3] == "NON_MARKETABLE"
    assert (await consents(actor, known))[0][3] == "SINGLE_OPT_IN"


async def test_permission_needs_evidence(actor: Actor) -> None:
    """To state that permission was granted without saying how is refused, and nothing is put on record."""
    with pytest.raises(DomainError) as caught:
        await import_contacts(actor, NewImport(Inline(LIST), granted=True))
    assert refused(caught.value) == [("EVIDENCE_REQUIRED", "permission.evidence")]
    assert await pool().fetchval("SELECT count(*) FROM bulk_operation") == 0


async def test_details_are_updated_where_they_differ(actor: Actor) -> None:
    """A known email finds its contact; what the row says is taken, and a blank cell leaves what stands."""
    known = await person(
        actor, "ann@example.com", "+14155550199", first_name="Anne", last_name="Old", attributes={"a": "1"}
    )
    done = await bring(
        actor,
        "email,first name,last name,mobile,b\nANN@example.com,Ann,,+14155550101,2\n",
        columns=[
            Chosen("email", "email"),
            Chosen("first name", "first_name"),
            Chosen("last name", "last_name"),
            Chosen("mobile", "mobile"),
            Chosen("b", "attribute:b"),
        ],
    )
    assert figures(done) == (1, 0, 0, 0)
    found = await row(actor, known)
    assert (found.first_name, found.last_name, found.name) == ("Ann", "Old", "Ann Old")
    assert (found.email, found.phone, found.attributes) == ("ANN@example.com", "+14155550101", {"a": "1", "b": "2"})
    assert found.version == 2
    assert sorted((await history_of(actor, known))[3:]) == [
        "ADDRESS_ADDED",
        "ADDRESS_REMOVED",
        "CONTACT_UPDATED",
        "OPT_IN",
    ]
    await counts_are_exact(actor)


async def test_each_consent_that_stands(actor: Actor) -> None:
    """A granted import opts in whoever is unknown, and changes no other consent; each refusal has its line."""
    new, single, out, archived = [f"{name}@example.com" for name in ("new", "single", "out", "archived")]
    contacts = {email: await person(actor, email) for email in (new, out, archived)}
    contacts[single] = await opted_in(actor, single)
    await opt_out(actor, contacts[out])
    await archive(actor, contacts[archived])
    done = await bring(actor, f"email\n{new}\n{single}\n{out}\n{archived}\n")
    assert figures(done) == (1, 1, 2, 0)
    assert done.outcomes == {"OPTED_OUT": 1, "CONTACT_ARCHIVED": 1}
    assert done.counts == {"opted_in": 1, "left_opted_out": 1}
    assert await told(actor, done) == [
        (4, "email", out, "OPTED_OUT"),
        (5, "email", archived, "CONTACT_ARCHIVED"),
    ]
    stand = {email: (await consents(actor, contact))[0][3] for email, contact in contacts.items()}
    assert stand == {new: "SINGLE_OPT_IN", single: "SINGLE_OPT_IN", out: "OPTED_OUT", archived: "NON_MARKETABLE"}
    assert (await row(actor, contacts[archived])).lifecycle == "ARCHIVED"


async def test_an_archived_contacts_details_update(actor: Actor) -> None:
    """Its details follow the file, its consent does not, and it stays archived."""
    known = await person(actor, "ann@example.com")
    await archive(actor, known)
    done = await bring(actor, LIST)
    assert done.counts == {"created": 1, "updated": 1, "opted_in": 1}
    assert (await row(actor, known)).name == "Ann Lee"
    assert (await row(actor, known)).lifecycle == "ARCHIVED"
    await counts_are_exact(actor)


@pytest.mark.parametrize(
    ("policy", "name"), [(OptOutPolicy.WITH_EVIDENCE, "Ann Lee"), (OptOutPolicy.STRICT, "ann@example.com")]
)
async def test_an_opted_out_contacts_details(db: None, policy: OptOutPolicy, name: str) -> None:
    """They update under WITH_EVIDENCE; under STRICT they are locked. The opt-out stands either way."""
    actor = await account(policy=policy)
    known = await person(actor, "ann@example.com")
    await opt_out(actor, known)
    done = await bring(actor, LIST)
    assert (await row(actor, known)).name == name
    assert (await consents(actor, known))[0][3] == "OPTED_OUT"
    codes = {code for *_, code in await told(actor, done)}
    assert codes == ({"OPTED_OUT"} if policy is OptOutPolicy.WITH_EVIDENCE else {"OPTED_OUT", "LOCKED"})
    assert figures(done) == ((2, 0, 0, 0) if policy is OptOutPolicy.WITH_EVIDENCE else (1, 0, 1, 0))


async def test_an_erased_address_comes_back_opted_out(actor: Actor) -> None:
    """Whoever was erased is a new contact, opted out, whatever the file says of permission."""
    await erase_contact(actor, await opted_in(actor, "ann@example.com"))
    done = await bring(actor, LIST)
    assert done.counts == {"created": 2, "opted_in": 1, "suppressed": 1}
    found = await ids(actor)
    assert (await consents(actor, found["ann@example.com"]))[0] == ("EMAIL", 1, "ann@example.com", "OPTED_OUT")
    assert await told(actor, done) == [(2, "email", "ann@example.com", "SUPPRESSED")]
    await counts_are_exact(actor)


async def test_an_address_taken_off_and_put_on_again(actor: Actor) -> None:
    """An opt-out outlives the contact's holding the address: brought back by a list, it is opted out."""
    known = await person(actor, "ann@example.com", external_id="1")
    await opt_out(actor, known)
    columns = [Chosen("id", "external_id"), Chosen("email", "email")]
    await bring(actor, "id,email\n1,other@example.com\n", columns=columns)
    assert await consents(actor, known) == [("EMAIL", 1, "other@example.com", "SINGLE_OPT_IN")]
    await bring(actor, "id,email\n1,ann@example.com\n", columns=columns)
    assert await consents(actor, known) == [("EMAIL", 1, "ann@example.com", "OPTED_OUT")]
    await counts_are_exact(actor)


ASKING = "email,accepts_marketing\nyes@example.com,true\nno@example.com,false\nblank@example.com,\n"


async def test_accepts_marketing(actor: Actor) -> None:
    """Only `true` opts in; `false` withdraws; a blank leaves a new contact NON_MARKETABLE."""
    done = await bring(actor, ASKING)
    assert done.counts == {"created": 3, "opted_in": 1, "opted_out": 1}
    found = await ids(actor)
    stand = {email: (await consents(actor, contact))[0][3] for email, contact in found.items()}
    assert stand == {
        "yes@example.com": "SINGLE_OPT_IN",
        "no@example.com": "OPTED_OUT",
        "blank@example.com": "NON_MARKETABLE",
    }
    await counts_are_exact(actor)
    assert figures(await bring(actor, ASKING)) == (0, 3, 0, 0)


async def test_accepts_marketing_without_permission(actor: Actor) -> None:
    """`true` counts for nothing when no permission is stated; `false` withdraws all the same."""
    known = await opted_in(actor, "no@example.com")
    done = await bring(actor, ASKING, granted=False)
    assert await told(actor, done) == [(2, "accepts_marketing", "true", "NOT_PERMITTED")]
    assert (await consents(actor, known))[0][3] == "OPTED_OUT"
    again = await bring(actor, ASKING, granted=False)
    assert figures(again) == (0, 2, 1, 0)
    assert again.outcomes == {"NOT_PERMITTED": 1}


async def test_false_withdraws_the_archived_and_the_skipped(actor: Actor) -> None:
    """`false` withdraws an archived contact, which stays archived, also when existing contacts are skipped."""
    known = await opted_in(actor, "no@example.com")
    await archive(actor, known)
    done = await bring(actor, ASKING, on_existing=OnExisting.SKIP)
    assert done.counts == {"created": 2, "opted_in": 1, "opted_out": 1}
    assert (await consents(actor, known))[0][3] == "OPTED_OUT"
    assert (await row(actor, known)).lifecycle == "ARCHIVED"


async def test_existing_contacts_skipped(actor: Actor) -> None:
    """With SKIP nothing of an existing contact changes, permission included, and the report says so."""
    known = await person(actor, "ann@example.com")
    done = await bring(actor, LIST, on_existing=OnExisting.SKIP, tags=["fair"])
    assert figures(done) == (1, 0, 1, 0)
    assert await told(actor, done) == [(2, "email", "ann@example.com", "DUPLICATE")]
    assert (await row(actor, known)).name == "ann@example.com"
    assert (await consents(actor, known))[0][3] == "NON_MARKETABLE"


async def test_several_email_columns(actor: Actor) -> None:
    """Each has its slot; the permission is for every address in the row; a gap closes up for a new contact."""
    columns = [Chosen(name, name) for name in ("email", "email2", "email3")]
    text = "email,email2,email3\na@example.com,b@example.com,c@example.com\n,d@example.com,\n"
    done = await bring(actor, text, columns=columns)
    assert done.counts == {"created": 2, "opted_in": 2}
    found = await ids(actor)
    assert [(slot, consent) for _, slot, _, consent in await consents(actor, found["a@example.com"])] == [
        (1, "SINGLE_OPT_IN"),
        (2, "SINGLE_OPT_IN"),
        (3, "SINGLE_OPT_IN"),
    ]
    assert await consents(actor, found["d@example.com"]) == [("EMAIL", 1, "d@example.com", "SINGLE_OPT_IN")]
    assert figures(await bring(actor, text, columns=columns)) == (0, 2, 0, 0)


async def test_permission_is_for_the_addresses_in_the_file(actor: Actor) -> None:
    """A contact found by its second address is opted in there, not at an address that the file does not have."""
    known = await person(actor, "a@example.com")
    columns = [Chosen("a", "email"), Chosen("b", "email2")]
    await bring(actor, "a,b\na@example.com,b@example.com\n", columns=columns, granted=False)
    await bring(actor, "email\nb@example.com\n")
    assert [consent for *_, consent in await consents(actor, known)] == ["NON_MARKETABLE", "SINGLE_OPT_IN"]


async def test_tags_groups_and_a_new_group(actor: Actor) -> None:
    """Everyone in the list joins the groups and has the tags, new or not; the new group is made once."""
    known = await person(actor, "ann@example.com", tags=["vip"])
    group = await create_group(actor, "Fair")
    wish: dict[str, Any] = {"groups": [group.id], "new_group": "Spring list", "tags": ["imported"]}
    done = await bring(actor, "email,tags\nann@example.com,vip; local\nbob@example.com,\n", **wish)
    assert figures(done) == (2, 0, 0, 0)
    tags = await pool().fetch("SELECT tag FROM contact_tag WHERE contact_id = $1 ORDER BY tag", known)
    assert [tag for (tag,) in tags] == ["imported", "local", "vip"]
    rows = await pool().fetch(
        "SELECT g.name, count(*) AS n FROM group_member m JOIN contact_group g ON g.id = m.group_id"
        " GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(found) for found in rows] == [("Fair", 2), ("Spring list", 2)]
    assert figures(await bring(actor, "email,tags\nann@example.com,vip; local\nbob@example.com,\n", **wish)) == (
        0,
        2,
        0,
        0,
    )


async def test_topics(actor: Actor) -> None:
    """A topic's column switches it on or off, stored whatever the consent; a blank leaves it."""
    known = await person(actor, "ann@example.com")
    await topic_ids(actor)
    text = "email,news\nann@example.com,no\nbob@example.com,yes\ncy@example.com,\n"
    columns = [Chosen("email", "email"), Chosen("news", "topic:newsletter")]
    done = await bring(actor, text, columns=columns, granted=False)
    assert figures(done) == (3, 0, 0, 0)
    switches = await pool().fetch("SELECT contact_id, subscribed FROM topic_switch ORDER BY subscribed")
    assert [tuple(found) for found in switches] == [(known, False), ((await ids(actor))["bob@example.com"], True)]
    assert figures(await bring(actor, text, columns=columns, granted=False)) == (0, 3, 0, 0)
    await counts_are_exact(actor)


async def test_rows_that_cannot_be_used(actor: Actor) -> None:
    """Each fails with its line, column and value as given; the rest go in."""
    text = (
        "email,mobile,type,accepts_marketing\nbad@,,,\n,12,,\n,,client,\n"
        "ok@example.com,+1 (415) 555-0101,client,\nx@example.com,,nobody,\ny@example.com,,,perhaps\n"
    )
    columns = [
        Chosen("email", "email"),
        Chosen("mobile", "mobile"),
        Chosen("type", "contact_type"),
        Chosen("accepts_marketing", "accepts_marketing"),
    ]
    done = await bring(actor, text, columns=columns)
    assert figures(done) == (1, 0, 0, 5)
    assert await told(actor, done) == [
        (2, "email", "bad@", "INVALID"),
        (3, "mobile", "12", "INVALID"),
        (4, "email", None, "NO_ADDRESS"),
        (6, "type", "nobody", "INVALID"),
        (7, "accepts_marketing", "perhaps", "INVALID"),
    ]
    assert done.outcomes == {"INVALID": 4, "NO_ADDRESS": 1}


async def test_values_are_trimmed_and_normalised(actor: Actor) -> None:
    """Spaces of every kind go, domains are lower case, names are one line, and what is searched is as ever."""
    done = await bring(actor, "email,name,mobile\n\u00a0Ann@EXAMPLE.com ,  José\u00a0 Núñez ,(415) 555-0101\n")
    assert figures(done) == (1, 0, 0, 0)
    kept = await pool().fetchrow("SELECT first_name, last_name, name, email, phone, search FROM contact")
    assert kept is not None
    points = [(EMAIL, 1, "Ann@example.com"), (SMS, 1, "+14155550101")]
    derived = derive("José", "Núñez", None, points)
    assert tuple(kept) == ("José", "Núñez", derived.name, derived.email, derived.phone, derived.search)


async def test_a_list_of_nobody(actor: Actor) -> None:
    """A list whose rows all fail ends COMPLETED, and one without a row, too."""
    assert figures(await bring(actor, "email\nx\n")) == (0, 0, 0, 1)
    empty = await bring(actor, "email\n")
    assert (empty.status, empty.total) == (OperationStatus.COMPLETED, 0)


async def test_one_key_one_import(actor: Actor) -> None:
    """The same key and list give the same operation back; with another list, CONFLICT."""
    wish = NewImport(Inline(LIST), granted=True, evidence=EVIDENCE, idempotency_key="k")
    first = await import_contacts(actor, wish)
    assert (await import_contacts(actor, wish)).id == first.id
    with pytest.raises(DomainError) as caught:
        await import_contacts(actor, NewImport(Inline("email\nx@y.example\n"), granted=False, idempotency_key="k"))
    assert refused(caught.value) == [("CONFLICT", "idempotencyKey")]


@pytest.mark.parametrize(
    ("wish", "refusals"),
    [
        ({"channels": []}, [("INVALID", "channels")]),
        ({"groups": [UUID(int=1)]}, [("NOT_FOUND", "groups.0")]),
        ({"columns": [Chosen("nope", "email")]}, [("NOT_FOUND", "columns.0.column")]),
        ({"columns": [Chosen("first name", "first_name")]}, [("REQUIRED", "columns")]),
        ({"tags": [" "]}, [("INVALID", "tags.0")]),
        ({"new_group": " "}, [("INVALID", "newGroup")]),
        ({"source": Inline(" ")}, [("INVALID", "source.csv")]),
    ],
)
async def test_what_is_refused_at_once(actor: Actor, wish: dict[str, Any], refusals: list[tuple[str, str]]) -> None:
    """Before anything is put on record."""
    given: dict[str, Any] = {"source": Inline(LIST), "granted": True, "evidence": EVIDENCE} | wish
    with pytest.raises((DomainError, Refusals)) as caught:
        await import_contacts(actor, NewImport(**given))
    assert refused(caught.value) == refusals
    assert await pool().fetchval("SELECT count(*) FROM bulk_operation") == 0

"""What an Actions menu offers, and that the mutations then answer as it said."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.queries import account as account_of
from domain.actor import Actor
from domain.confirmations.ask import ask
from domain.confirmations.askable import unaskable
from domain.confirmations.request import request_double_opt_in
from domain.confirmations.standings import of_addresses
from domain.consent.deliverability import change_deliverability
from domain.consent.lifecycle import activate, archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.actions import ActionKind, AvailableAction, available_actions
from domain.contacts.erase import erase_contact
from domain.contacts.update import ContactChanges, update_contact
from domain.errors import DomainError, ErrorCode
from domain.infra.db import pool, tx
from domain.ledger.append import Origin
from domain.values import Channel, ConsentSource, Deliverability, OptOutPolicy
from tests.domain.contacts.people import EMAIL, SMS, WRITTEN, account, person, points_of, row

STATES: dict[str, Callable[[Actor, UUID], Awaitable[Any]]] = {
    "opted in": lambda actor, one: opt_in(actor, one, evidence=WRITTEN),
    "opted out": opt_out,
    "in error": lambda actor, one: change_deliverability(actor, one, Deliverability.ERROR),
    "archived": archive,
}
MUTATIONS: dict[ActionKind, Callable[[Actor, UUID, Channel], Awaitable[Any]]] = {
    ActionKind.OPT_IN: lambda actor, one, channel: opt_in(actor, one, [channel], evidence=WRITTEN),
    ActionKind.OPT_OUT: lambda actor, one, channel: opt_out(actor, one, [channel]),
    ActionKind.ARCHIVE: lambda actor, one, _: archive(actor, one),
    ActionKind.ACTIVATE: lambda actor, one, _: activate(actor, one),
    ActionKind.MARK_ERROR: lambda actor, one, channel: change_deliverability(actor, one, Deliverability.ERROR, channel),
    ActionKind.CLEAR_ERROR: lambda actor, one, channel: change_deliverability(actor, one, Deliverability.OK, channel),
    ActionKind.EDIT: lambda actor, one, _: update_contact(actor, one, ContactChanges(first_name="New")),
    ActionKind.ERASE: lambda actor, one, _: erase_contact(actor, one),
}


async def menu(actor: Actor, contact_id: UUID, channel: Channel = EMAIL) -> dict[ActionKind, AvailableAction]:
    """The menu of one contact."""
    policy = (await account_of(actor)).opt_out_policy
    asking = (await unaskable(actor, [contact_id]))[contact_id]
    found = available_actions(await row(actor, contact_id), await points_of(actor, contact_id), policy, channel, asking)
    assert [action.kind for action in found] == list(ActionKind)
    return {action.kind: action for action in found}


@pytest.mark.parametrize("policy", list(OptOutPolicy))
@pytest.mark.parametrize("states", [(), *((s,) for s in STATES), ("opted in", "archived"), ("opted out", "archived")])
@pytest.mark.parametrize("channel", [EMAIL, SMS])
async def test_the_menu_says_what_the_mutation_does(
    db: None, policy: OptOutPolicy, states: tuple[str, ...], channel: Channel
) -> None:
    """In every state and policy: enabled is accepted, disabled refused with that code, effective makes entries."""
    actor = await account(policy=policy)
    for kind, mutation in MUTATIONS.items():
        contact_id = await person(actor, f"{kind}@example.com")
        for state in states:
            await STATES[state](actor, contact_id)
        # Evidence without a date counts from now, so it is newer than the opt-out above.
        action = (await menu(actor, contact_id, channel))[kind]
        before = await pool().fetchval("SELECT count(*) FROM ledger")
        try:
            await mutation(actor, contact_id, channel)
            code: ErrorCode | None = None
        except DomainError as error:
            code = error.code
        assert (action.enabled, action.code) == (code is None, code), kind
        assert action.effective is (await pool().fetchval("SELECT count(*) FROM ledger") > before), kind
        assert (action.message is None) is action.enabled


async def test_opting_asks_first(actor: Actor) -> None:
    """Opt in and opt out require confirmation, archive and activate do not; an opt-in requires evidence."""
    found = await menu(actor, await person(actor, "a@example.com"))
    assert {kind for kind, action in found.items() if action.requires_confirmation} == {
        ActionKind.OPT_IN,
        ActionKind.OPT_OUT,
        ActionKind.REQUEST_DOUBLE_OPT_IN,
        ActionKind.ERASE,
    }
    assert {kind for kind, action in found.items() if action.requires_evidence} == {ActionKind.OPT_IN}


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((), ErrorCode.NOT_PERMITTED),
        (("opted in",), None),
        (("opted in", "in error"), ErrorCode.UNDELIVERABLE),
        (("opted in", "archived"), ErrorCode.CONTACT_ARCHIVED),
        (("opted out",), ErrorCode.OPTED_OUT),
    ],
)
async def test_only_recorded_permission_can_be_confirmed(actor: Actor, states: Any, code: ErrorCode | None) -> None:
    """A double opt-in is asked of an active contact's deliverable, SINGLE_OPT_IN email, and of no other channel."""
    contact_id = await person(actor, "a@example.com")
    for state in states:
        await STATES[state](actor, contact_id)
    action = (await menu(actor, contact_id))[ActionKind.REQUEST_DOUBLE_OPT_IN]
    assert (action.enabled, action.code) == (code is None, code)
    assert (await menu(actor, contact_id, SMS))[ActionKind.REQUEST_DOUBLE_OPT_IN].code is ErrorCode.NO_ADDRESS
    await pool().execute("UPDATE address SET consent = 'DOUBLE_OPT_IN'")
    assert not (await menu(actor, contact_id))[ActionKind.REQUEST_DOUBLE_OPT_IN].enabled


@pytest.mark.parametrize("out", [False, True])
async def test_whoever_asked_for_it_can_be_asked(actor: Actor, out: bool) -> None:
    """Within 7 days of the recipient's own wish, whatever the permission; once in ten minutes; as the request says."""
    contact_id = await person(actor, "a@example.com")
    (point,) = await points_of(actor, contact_id)
    if out:
        await opt_out(actor, contact_id)
    async with tx() as connection:
        found = await of_addresses(connection, actor.account_id, [point.address_id], datetime.now(UTC))
        origin = Origin(actor.account_id, "link", ConsentSource.PREFERENCE_CENTRE, datetime.now(UTC))
        await ask(connection, origin, found)
    for code in (ErrorCode.CONFLICT, None):
        assert (await menu(actor, contact_id))[ActionKind.REQUEST_DOUBLE_OPT_IN].code is code
        with nullcontext() if code is None else pytest.raises(DomainError) as refused:
            await request_double_opt_in(actor, contact_id)
        assert (refused and refused.value.code) == code
        await pool().execute("UPDATE confirmation SET requested_at = requested_at - interval '1 hour'")


async def test_a_locked_edit_needs_evidence(db: None) -> None:
    """Under STRICT the menu says that a correction needs to say who asked for it."""
    actor = await account(policy=OptOutPolicy.STRICT)
    contact_id = await person(actor, "a@example.com")
    await opt_out(actor, contact_id)
    action = (await menu(actor, contact_id))[ActionKind.EDIT]
    assert (action.code, action.requires_evidence) == (ErrorCode.LOCKED, True)

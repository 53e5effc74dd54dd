"""Fetching anything again by its global id."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

import strawberry

from api.accounts import Account, Topic
from api.bulk.types import BulkOperation
from api.contacts.page import ContactPage, wrapped_by_id
from api.contacts.types import ContactPoint
from api.context import Info
from api.feed import position_of, wrapped_events
from api.fields import check, query
from api.groups import wrapped_groups
from api.journeys import Journey
from api.keys import ApiKey
from api.messages.send import Delivery
from api.messages.templates import Template
from api.missed import wrapped_missed
from api.relay import Node, pair_of, read_id, uuid_of
from api.webhooks.types import Webhook, WebhookDelivery
from domain.accounts import keys
from domain.accounts import queries as accounts
from domain.actor import Scope
from domain.bulk import queries as bulk
from domain.contacts import queries as contacts
from domain.errors import DomainError, ErrorCode
from domain.groups import queries as groups
from domain.ledger.events import by_positions
from domain.messages import deliveries as sent
from domain.messages import templates
from domain.messages.journeys import missed as journeys
from domain.webhooks import queries as webhooks
from domain.window import MOST

Found = Mapping[UUID, Node]


async def _contacts(info: Info, ids: Sequence[UUID]) -> Found:
    return await wrapped_by_id(info, ids)


async def _groups(info: Info, ids: Sequence[UUID]) -> Found:
    rows = await groups.by_ids(info.context.actor, ids)
    return {group.row.id: group for group in await wrapped_groups(info, list(rows.values()))}


async def _operations(info: Info, ids: Sequence[UUID]) -> Found:
    return {key: BulkOperation.of(row) for key, row in (await bulk.operations(info.context.actor, ids)).items()}


async def _topics(info: Info, ids: Sequence[UUID]) -> Found:
    return {topic.id: Topic.of(topic) for topic in await accounts.topics(info.context.actor) if topic.id in ids}


async def _accounts(info: Info, ids: Sequence[UUID]) -> Found:
    account = await accounts.account(info.context.actor)
    return {account.id: Account.of(account)} if account.id in ids else {}


async def _webhooks(info: Info, ids: Sequence[UUID]) -> Found:
    check(info.context.actor, Scope.ADMIN)
    return {key: Webhook.of(row) for key, row in (await webhooks.by_ids(info.context.actor, ids)).items()}


async def _deliveries(info: Info, ids: Sequence[UUID]) -> Found:
    check(info.context.actor, Scope.ADMIN)
    rows = await webhooks.deliveries_by_ids(info.context.actor, ids)
    return {key: WebhookDelivery.of(row) for key, row in rows.items()}


async def _keys(info: Info, ids: Sequence[UUID]) -> Found:
    check(info.context.actor, Scope.ADMIN)
    return {key: ApiKey.of(row) for key, row in (await keys.keys_by_ids(info.context.actor, ids)).items()}


async def _journeys(info: Info, ids: Sequence[UUID]) -> Found:
    return {row.id: Journey.of(row) for row in await journeys.journeys(info.context.actor) if row.id in ids}


async def _missed(info: Info, ids: Sequence[UUID]) -> Found:
    rows = await journeys.missed_by_ids(info.context.actor, ids)
    return {
        row.id: message for row, message in zip(rows.values(), await wrapped_missed(info, rows.values()), strict=True)
    }


async def _templates(info: Info, ids: Sequence[UUID]) -> Found:
    return {row.id: Template.of(row) for row in await templates.templates(info.context.actor) if row.id in ids}


async def _sent(info: Info, ids: Sequence[UUID]) -> Found:
    return {key: Delivery.of(row) for key, row in (await sent.deliveries(info.context.actor, ids)).items()}


_LOADERS: Final[dict[str, Callable[[Info, Sequence[UUID]], Awaitable[Found]]]] = {
    "Contact": _contacts,
    "Group": _groups,
    "BulkOperation": _operations,
    "Topic": _topics,
    "Account": _accounts,
    "Webhook": _webhooks,
    "WebhookDelivery": _deliveries,
    "ApiKey": _keys,
    "Journey": _journeys,
    "MissedMessage": _missed,
    "Template": _templates,
    "Delivery": _sent,
}


async def load(info: Info, ids: Sequence[str]) -> dict[str, Node]:
    """What the account has of these global ids, by id: a statement a kind."""
    found: dict[str, Node] = {}
    for kind, loader in _LOADERS.items():
        keys = {key: text for text in ids if (key := uuid_of(kind, text)) is not None}
        if keys:
            found |= {keys[key]: node for key, node in (await loader(info, list(keys))).items()}
    return found | await _points(info, ids) | await _events(info, ids)


async def _points(info: Info, ids: Sequence[str]) -> dict[str, Node]:
    keys = {key: text for text in ids if (key := pair_of("ContactPoint", text)) is not None}
    rows = await contacts.points_by_ids(info.context.actor, list(keys)) if keys else {}
    page = ContactPage(info, list({row.contact_id for row in rows.values()}))
    return {keys[key]: ContactPoint.of(row, page) for key, row in rows.items()}


async def _events(info: Info, ids: Sequence[str]) -> dict[str, Node]:
    positions = {position: text for text in ids if (position := _position(text)) is not None}
    rows = await by_positions(info.context.actor, list(positions))
    return {positions[event.row.position]: event for event in await wrapped_events(info, rows)}


def _position(text: str) -> int | None:
    kind, key = read_id(text) or ("", "")
    try:
        position = position_of(key)
    except DomainError:
        return None
    return position if kind == "ConsentEvent" and str(position) == key else None


@strawberry.type
class NodeQuery:
    """What can be fetched again."""

    @query("Anything by its global id (Relay); null when this account has nothing of this id.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002 - its name in the API
    ) -> Node | None:
        """One object."""
        return (await load(info, [id])).get(id)

    @query("Several objects by their global ids, at most 250, in their order; null for each that this account has not.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")]
    ) -> list[Node | None]:
        """Several objects."""
        if len(ids) > MOST:
            raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST} ids at once.", "ids")
        found = await load(info, ids)
        return [found.get(key) for key in ids]

"""Joins the features into one schema."""

from typing import Any

import strawberry
from graphql import GraphQLObjectType, Undefined
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.accounts import Account, AccountMutation, AccountQuery, Topic
from api.authorize import AuthorizeMutation
from api.bulk.change_status import BulkChangeStatusMutation, BulkChangeStatusQuery
from api.bulk.double_opt_in import BulkDoubleOptInMutation
from api.bulk.erase import BulkEraseMutation
from api.bulk.members import MembersMutation
from api.bulk.operations import BulkMutation, BulkQuery, BulkSubscription
from api.bulk.tags import BulkTagsMutation
from api.bulk.topics import BulkTopicsMutation
from api.bulk.types import BulkOperation
from api.bulk.undo import UndoMutation
from api.changes import ChangesQuery
from api.confirmations import ConfirmationMutation, ConfirmationQuery
from api.consent import ConsentMutation
from api.contacts.create import CreateContact
from api.contacts.erase import EraseContact
from api.contacts.queries import ContactQuery
from api.contacts.subscriptions import UpdateSubscriptions
from api.contacts.types import Contact, ContactPoint
from api.contacts.update import UpdateContact
from api.delivery import DeliveryMutation
from api.exports import ExportMutation
from api.feed import ConsentEvent, FeedQuery
from api.groups import Group, GroupMutation, GroupQuery
from api.hooks import HookMutation, HookQuery
from api.imports.import_contacts import ImportContactsMutation
from api.imports.preview import ImportPreviewQuery
from api.journeys import JourneyMutation, JourneyQuery
from api.keys import KeyMutation, KeyQuery
from api.live import FeedSubscription
from api.messages.holding import HoldingMutation
from api.messages.send import SendingMutation, SendingQuery
from api.messages.templates import TemplateMutation, TemplateQuery
from api.messages.trying import TryingMutation, TryingQuery
from api.missed import MissedMutation, MissedQuery
from api.nodes import NodeQuery
from api.proof import ProofMutation, ProofQuery
from api.scalars import SCALARS
from api.send import SendQuery
from api.signup_forms import SignUpFormMutation, SignUpFormQuery
from api.signups import SignUpMutation
from api.suppressions import SuppressionMutation
from api.uploads import UploadMutation
from api.webhooks.change import WebhookMutation
from api.webhooks.errands import WebhookErrandMutation
from api.webhooks.queries import WebhookQuery

_QUERIES = (
    NodeQuery,
    AccountQuery,
    ContactQuery,
    GroupQuery,
    BulkQuery,
    BulkChangeStatusQuery,
    FeedQuery,
    ChangesQuery,
    WebhookQuery,
    ImportPreviewQuery,
    SendQuery,
    ConfirmationQuery,
    SignUpFormQuery,
    HookQuery,
    ProofQuery,
    KeyQuery,
    JourneyQuery,
    MissedQuery,
    TemplateQuery,
    SendingQuery,
    TryingQuery,
)
_MUTATIONS = (
    CreateContact,
    UpdateContact,
    ConsentMutation,
    ConfirmationMutation,
    SignUpMutation,
    SignUpFormMutation,
    UpdateSubscriptions,
    EraseContact,
    BulkChangeStatusMutation,
    BulkMutation,
    UndoMutation,
    BulkTopicsMutation,
    BulkTagsMutation,
    BulkEraseMutation,
    BulkDoubleOptInMutation,
    GroupMutation,
    MembersMutation,
    UploadMutation,
    ImportContactsMutation,
    ExportMutation,
    SuppressionMutation,
    DeliveryMutation,
    HookMutation,
    ProofMutation,
    AuthorizeMutation,
    JourneyMutation,
    MissedMutation,
    TemplateMutation,
    SendingMutation,
    HoldingMutation,
    TryingMutation,
    AccountMutation,
    WebhookMutation,
    WebhookErrandMutation,
    KeyMutation,
)
_SUBSCRIPTIONS = (BulkSubscription, FeedSubscription)


def _root(name: str, description: str, parts: tuple[type, ...]) -> Any:
    root: Any = merge_types(name, parts)
    root.__strawberry_definition__.description = description
    return root


schema = strawberry.Schema(
    query=_root("Query", "Reading. Every field needs a key.", _QUERIES),
    mutation=_root(
        "Mutation",
        "Changing. What a client can cause and mend comes back in `userErrors`; a request that asks for what already "
        "holds is a success that changes nothing.",
        _MUTATIONS,
    ),
    subscription=_root(
        "Subscription",
        "Listening: over a WebSocket (graphql-transport-ws), server-sent events (graphql-sse) or Apollo's multipart "
        "responses, all at the same address.",
        _SUBSCRIPTIONS,
    ),
    types=[Account, BulkOperation, ConsentEvent, Contact, ContactPoint, Group, Topic],
    config=StrawberryConfig(scalar_map=SCALARS),
)


def _leave_out_null_defaults() -> None:
    """Print `first: Int` and not `first: Int = null`: leaving an argument out and giving null mean the same."""
    for kind in schema._schema.type_map.values():  # noqa: SLF001 - the schema is built once, here
        for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            for argument in field.args.values():
                if argument.default_value is None:
                    argument.default_value = Undefined


_leave_out_null_defaults()


def export() -> str:
    """The schema in its own language, as committed in schema.graphql."""
    return schema.as_str()

"""addContactsToGroup and removeContactsFromGroup: bulk operations, whatever their size."""

import strawberry

from api.bulk.types import BulkOperation, BulkPayload
from api.context import Info
from api.fields import Input, mutation
from api.groups import ChangeGroupMembersInput
from api.relay import required
from domain.actor import Scope
from domain.bulk.change_members import add_to_group, remove_from_group


@strawberry.type(description="The operation, on record and waiting for a worker.")
class AddContactsToGroupPayload(BulkPayload):
    """The answer."""


@strawberry.type(description="The operation, on record and waiting for a worker.")
class RemoveContactsFromGroupPayload(BulkPayload):
    """The answer."""


@strawberry.type
class MembersMutation:
    """What can be changed."""

    @mutation(Scope.BULK, AddContactsToGroupPayload, "Puts a selection of contacts into a group.")
    async def add_contacts_to_group(
        self, info: Info, asked: Input[ChangeGroupMembersInput]
    ) -> AddContactsToGroupPayload:
        """Start."""
        group = required("Group", asked.group, "group")
        operation = await add_to_group(info.context.actor, group, asked.selection.read())
        return AddContactsToGroupPayload(bulk_operation=BulkOperation.of(operation))

    @mutation(Scope.BULK, RemoveContactsFromGroupPayload, "Takes a selection of contacts out of a group.")
    async def remove_contacts_from_group(
        self, info: Info, asked: Input[ChangeGroupMembersInput]
    ) -> RemoveContactsFromGroupPayload:
        """Start."""
        group = required("Group", asked.group, "group")
        operation = await remove_from_group(info.context.actor, group, asked.selection.read())
        return RemoveContactsFromGroupPayload(bulk_operation=BulkOperation.of(operation))

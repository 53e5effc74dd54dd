"""Groups: reading and changing them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from api.batch import Relation, ahead
from api.contacts.filters import ContactFilterInput, ContactSelectionInput
from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation, query
from api.relay import (
    After,
    Before,
    First,
    Last,
    Node,
    PageInfo,
    cursor,
    global_id,
    page_info,
    read_cursor,
    required,
    window,
)
from domain.actor import Actor, Scope
from domain.contacts.unset import UNSET as KEPT
from domain.groups import queries
from domain.groups.create import create_group
from domain.groups.delete import delete_group
from domain.groups.queries import GroupPage, GroupPlace, GroupRow
from domain.groups.update import update_group
from domain.window import Window, no_place

if TYPE_CHECKING:
    from api.contacts.queries import ContactConnection


@strawberry.type(description="A named set of contacts.")
class Group(Node):
    """A group of a page."""

    row: strawberry.Private[GroupRow]
    sizes: strawberry.Private[Relation[UUID, int]]
    name: str = strawberry.field(description="Its name; unique in the account, whatever its case.")
    description: str | None = strawberry.field(description="What it is for.")

    @classmethod
    def of(cls, row: GroupRow, sizes: Relation[UUID, int]) -> "Group":
        """A row as clients see it."""
        return cls(id=global_id("Group", row.id), row=row, sizes=sizes, name=row.name, description=row.description)

    @strawberry.field(description="How many contacts are in it, the archived included.")
    def size(self) -> int:
        """The number of members."""
        return self.sizes.read(lambda sizes: sizes.get(self.row.id, 0))

    @query("The contacts in it, newest first.")
    async def contacts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002 - the argument's name in the API
            ContactFilterInput | None, strawberry.argument(description="Those of them that a filter matches.")
        ] = None,
    ) -> Annotated["ContactConnection", strawberry.lazy("api.contacts.queries")]:
        """A page of its members."""
        from api.contacts.queries import members, place  # noqa: PLC0415 - the types refer to each other

        return await members(info, self.row.id, window(first, after, last, before, partial(place, None)), filter)


@strawberry.type(description="A group in a page.")
class GroupEdge:
    """An edge."""

    node: Group = strawberry.field(description="The group.")
    cursor: str = strawberry.field(description="Pass it as `after` or `before`.")


@strawberry.type(description="A page of groups.")
class GroupConnection:
    """A page."""

    count: strawberry.Private["Relation[str, int]"]
    edges: list[GroupEdge] = strawberry.field(description="The groups with their cursors.")
    nodes: list[Group] = strawberry.field(description="The groups.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")

    @strawberry.field(description="How many there are altogether. Counted only when asked for.")
    def total_count(self) -> int:
        """The number of groups in the list."""
        return self.count.read(lambda known: known["total"])


async def wrapped_groups(info: Info, rows: Sequence[GroupRow]) -> list[Group]:
    """Rows as clients see them, with their sizes when the query asks for them."""
    sizes = _sizes(info.context.actor, rows)
    if rows:
        await ahead(info, {"size": sizes})
    return [Group.of(row, sizes) for row in rows]


def sized(actor: Actor, rows: Mapping[UUID, Sequence[GroupRow]]) -> dict[UUID, list[Group]]:
    """The groups of several contacts as clients see them; their sizes are counted together, when asked for."""
    sizes = _sizes(actor, [row for held in rows.values() for row in held])
    return {contact: [Group.of(row, sizes) for row in held] for contact, held in rows.items()}


def _sizes(actor: Actor, rows: Sequence[GroupRow]) -> Relation[UUID, int]:
    return Relation(lambda: queries.sizes(actor, list({row.id for row in rows})))


def groups_of_contact(groups: Sequence[Group], asked: Window[GroupPlace]) -> GroupConnection:
    """A page of one contact's groups, all of which are known."""
    page = queries.page_of([group.row for group in groups], asked)
    known = {group.row.id: group for group in groups}

    async def total() -> dict[str, int]:
        return {"total": len(groups)}

    return _connection([known[row.id] for row in page.groups], page, Relation(total))


def group_place(text: str, field: str) -> GroupPlace:
    """The place in a cursor of groups. Raises DomainError INVALID."""
    name, key = read_cursor(text, str, str, field=field)
    try:
        return name, UUID(key)
    except ValueError:
        raise no_place(field) from None


def _connection(nodes: Sequence[Group], page: GroupPage, count: "Relation[str, int]") -> GroupConnection:
    cursors = [cursor(key, str(group_id)) for key, group_id in page.places]
    edges = [GroupEdge(node=node, cursor=at) for node, at in zip(nodes, cursors, strict=True)]
    return GroupConnection(count=count, edges=edges, nodes=list(nodes), page_info=page_info(page, cursors))


@strawberry.input(description="A new group, empty.")
class CreateGroupInput:
    """A group."""

    name: str = strawberry.field(description="Unique in the account, whatever its case.")
    description: str | None = strawberry.field(default=UNSET, description="What it is for.")


@strawberry.input(description="What to change of a group. What is left out stays.")
class UpdateGroupInput:
    """Changes."""

    id: strawberry.ID = strawberry.field(description="The group.")
    name: str | None = strawberry.field(default=UNSET, description="Its new name.")
    description: str | None = strawberry.field(default=UNSET, description="Its new description; null clears it.")

    def changes(self) -> dict[str, Any]:
        """What was named, in the domain's terms."""
        return {name: KEPT if (value := getattr(self, name)) is UNSET else value for name in ("name", "description")}


@strawberry.input(description="Which group to delete.")
class DeleteGroupInput:
    """A group."""

    id: strawberry.ID = strawberry.field(description="The group.")


@strawberry.input(description="Whom to put into a group, or to take out of it.")
class ChangeGroupMembersInput:
    """Members."""

    group: strawberry.ID = strawberry.field(description="The group.")
    selection: ContactSelectionInput = strawberry.field(description="Which contacts.")


@strawberry.type(description="The group as it stands afterwards.")
class GroupPayload:
    """What creating and updating answer."""

    group: Group | None = strawberry.field(default=None, description="The group; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The new group.")
class CreateGroupPayload(GroupPayload):
    """The answer."""


@strawberry.type(description="The group as it stands afterwards.")
class UpdateGroupPayload(GroupPayload):
    """The answer."""


@strawberry.type(description="The group that is no more. Its contacts stay.")
class DeleteGroupPayload:
    """The answer."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


Search: TypeAlias = Annotated[str | None, strawberry.argument(description="Any part of a name.")]


@strawberry.type
class GroupQuery:
    """What can be read."""

    @query("The groups, by name.")
    async def groups(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
    ) -> GroupConnection:
        """A page of groups."""
        actor = info.context.actor
        page = await queries.page(actor, window(first, after, last, before, group_place), search)

        async def total() -> dict[str, int]:
            return {"total": await queries.total(actor, search)}

        return _connection(await wrapped_groups(info, page.groups), page, Relation(total))


@strawberry.type
class GroupMutation:
    """What can be changed."""

    @mutation(Scope.WRITE, CreateGroupPayload, "Creates an empty group.")
    async def create_group(self, info: Info, asked: Input[CreateGroupInput]) -> CreateGroupPayload:
        """Create a group."""
        row = await create_group(info.context.actor, asked.name, asked.description or None)
        return CreateGroupPayload(group=(await wrapped_groups(info, [row]))[0])

    @mutation(Scope.WRITE, UpdateGroupPayload, "Renames or describes a group.")
    async def update_group(self, info: Info, asked: Input[UpdateGroupInput]) -> UpdateGroupPayload:
        """Change a group."""
        row = await update_group(info.context.actor, required("Group", asked.id, "id"), **asked.changes())
        return UpdateGroupPayload(group=(await wrapped_groups(info, [row]))[0])

    @mutation(Scope.WRITE, DeleteGroupPayload, "Deletes a group; its contacts stay.")
    async def delete_group(self, info: Info, asked: Input[DeleteGroupInput]) -> DeleteGroupPayload:
        """Delete a group."""
        deleted = await delete_group(info.context.actor, required("Group", asked.id, "id"))
        return DeleteGroupPayload(deleted_id=global_id("Group", deleted))

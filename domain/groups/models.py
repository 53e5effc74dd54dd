"""A group and its members."""

from tortoise import fields
from tortoise.models import Model


class ContactGroup(Model):
    """A named set of contacts."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    name = fields.TextField()
    description = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """The table."""

        table = "contact_group"


class GroupMember(Model):
    """A contact in a group. Its key is both: read it, write it by SQL."""

    contact_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    group_id = fields.UUIDField()
    operation_id = fields.UUIDField(null=True)

    class Meta:
        """The table."""

        table = "group_member"

"""The account, who may speak for it, and what it writes about."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from domain.values import OptOutPolicy


class Account(Model):
    """A company. `id` is the `account_id` that leads every other key."""

    id = fields.UUIDField(primary_key=True, source_field="account_id")
    name = fields.TextField()
    opt_out_policy = fields.CharEnumField(OptOutPolicy)
    contact_types: list[str] = ArrayField("text")
    default_country = fields.TextField(null=True)
    postal_address = fields.TextField(null=True)
    logo = fields.TextField(null=True)
    colour = fields.TextField(null=True)
    dark_colour = fields.TextField(null=True)
    time_zone = fields.TextField(default="UTC")
    language = fields.TextField(default="en")
    address_key = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        """The table."""

        table = "account"


class ApiKey(Model):
    """A credential: its text is shown once and kept as a hash."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    name = fields.TextField()
    prefix = fields.TextField()
    hash = fields.BinaryField()
    scopes: list[str] = ArrayField("text")
    origins: list[str] = ArrayField("text")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    actor = fields.TextField(null=True)
    replaced_by = fields.UUIDField(null=True)

    class Meta:
        """The table."""

        table = "api_key"


class Topic(Model):
    """Something an account writes about, that a contact can switch on or off."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    key = fields.TextField()
    name = fields.TextField()
    description = fields.TextField(null=True)
    default_subscribed = fields.BooleanField()
    created_at = fields.DatetimeField()

    class Meta:
        """The table."""

        table = "topic"

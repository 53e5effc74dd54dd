"""A contact and what hangs on it. Composite keys and constraints are in the migrations; `id` is the ORM's key."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle


class Contact(Model):
    """A person: what is searched and listed. `name`, `email`, `phone` and `search` are derived by the verbs."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    external_id = fields.TextField(null=True)
    first_name = fields.TextField(null=True)
    last_name = fields.TextField(null=True)
    contact_type = fields.TextField(null=True)
    attributes: dict[str, Any] = fields.JSONField()
    version = fields.IntField()
    created_at = fields.DatetimeField(generated=True)
    updated_at = fields.DatetimeField()
    name = fields.TextField()
    email = fields.TextField()
    phone = fields.TextField()
    search = fields.TextField()

    class Meta:
        """The table."""

        table = "contact"


class ContactState(Model):
    """What changes often: the lifecycle, and whether any topic is on. Also the contact's lock."""

    contact_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    lifecycle = fields.CharEnumField(Lifecycle)
    topic_on = fields.BooleanField()

    class Meta:
        """The table."""

        table = "contact_state"


class Address(Model):
    """One address on one channel, and its permission. Outlives its contacts; erased, it has no value."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    channel = fields.CharEnumField(Channel)
    consent = fields.CharEnumField(ConsentStatus)
    deliverability = fields.CharEnumField(Deliverability)
    consent_at = fields.DatetimeField(null=True)
    proof = fields.BigIntField(null=True)
    confirmation_requested_at = fields.DatetimeField(null=True)
    hash = fields.BinaryField()
    value = fields.TextField(null=True)

    class Meta:
        """The table."""

        table = "address"


class ContactPoint(Model):
    """Ties a contact's slot to an address."""

    contact_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    channel = fields.CharEnumField(Channel)
    slot = fields.SmallIntField()
    address_id = fields.UUIDField()

    class Meta:
        """The table."""

        table = "contact_point"


class TopicSwitch(Model):
    """A contact's own choice about a topic. Its key is the contact and the topic: read it, write it by SQL."""

    contact_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    topic_id = fields.UUIDField()
    subscribed = fields.BooleanField()
    updated_at = fields.DatetimeField()

    class Meta:
        """The table."""

        table = "topic_switch"


class ContactTag(Model):
    """A word on a contact. Its key is the contact and the tag: read it, write it by SQL."""

    contact_id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    tag = fields.TextField()
    operation_id = fields.UUIDField(null=True)

    class Meta:
        """The table."""

        table = "contact_tag"

"""The operation's row. Its parts and refusals are written and read by SQL alone."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.bulk.values import BulkKind, OperationStatus


class BulkOperation(Model):
    """What was asked, of whom, and how far it has come. The row is also the outbox."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    kind = fields.CharEnumField(BulkKind)
    status = fields.CharEnumField(OperationStatus)
    actor = fields.TextField()
    summary = fields.TextField()
    change: dict[str, Any] = fields.JSONField()
    selection: dict[str, Any] = fields.JSONField()
    evidence_id = fields.UUIDField(null=True)
    idempotency_key = fields.TextField(null=True)
    input_hash = fields.BinaryField()
    total = fields.IntField(null=True)
    changed = fields.IntField()
    unchanged = fields.IntField()
    skipped = fields.IntField()
    failed = fields.IntField()
    outcomes: dict[str, int] = fields.JSONField()
    cancel_requested = fields.BooleanField()
    attempts = fields.IntField()
    lease_until = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    starts_at = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        """The table."""

        table = "bulk_operation"

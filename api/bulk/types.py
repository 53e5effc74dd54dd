"""A bulk operation as clients see it."""

from datetime import UTC, datetime

import strawberry

from api.bulk.links import report_url, result_url
from api.context import Info
from api.enums import described
from api.errors import UserError
from api.relay import Node, PageInfo, global_id
from domain.bulk.operation import Operation
from domain.bulk.values import BulkKind, BulkStatus, OperationStatus
from domain.errors import ErrorCode
from domain.files.stored import KEPT_FOR

described(
    BulkKind,
    "What an operation does.",
    name="BulkOperationKind",
    CHANGE_STATUS="Changes the status of all: `bulkChangeStatus`.",
    IMPORT="Brings a list in.",
    EXPORT="Writes a list out.",
    CHANGE_GROUP="Puts contacts into a group, or takes them out.",
    CHANGE_TOPICS="Switches topics.",
    CHANGE_TAGS="Adds and removes tags.",
    REQUEST_DOUBLE_OPT_IN="Asks recipients to confirm.",
    ERASE="Erases contacts.",
    SUPPRESS="Brings in opt-outs alone.",
    UNDO="Undoes another operation.",
    BROADCAST="Sends a message to many.",
    RESEND="Sends again what was missed.",
)
described(
    OperationStatus,
    "Where an operation stands.",
    name="BulkOperationStatus",
    QUEUED="On record; no worker has begun. It may be for later: see `startsAt`.",
    RUNNING="Under way.",
    COMPLETED="Done: every contact was visited.",
    CANCELED="Stopped; what was done stays done.",
    FAILED="Given up after several attempts; what was done stays done.",
)
described(
    BulkStatus,
    "What a group's 'Change status of all' and a list's 'Update opt-in/opt-out status' offer.",
    OPTED_IN="NON_MARKETABLE addresses become SINGLE_OPT_IN. Needs evidence. Never touches OPTED_OUT.",
    OPTED_OUT="Withdraws permission.",
    ARCHIVED="Archives. Never touches permission.",
    ACTIVE="Activates the archived and clears ERROR. Never touches permission.",
    ERROR="Marks addresses undeliverable.",
)


@strawberry.type(description="Why contacts (or rows) were skipped or failed.")
class BulkOutcome:
    """One reason."""

    code: ErrorCode = strawberry.field(description="The reason.")
    count: int = strawberry.field(description="How many contacts it was the first reason for.")


def outcomes(counts: dict[ErrorCode, int]) -> list[BulkOutcome]:
    """Counts as clients see them."""
    return [BulkOutcome(code=code, count=count) for code, count in counts.items()]


@strawberry.type(
    description=(
        "What an import came to so far, or, in a dry run, would come to; of contacts where nothing else is said. One "
        "contact can count several times: created and opted in."
    )
)
class ImportCounts:
    """Figures of an import."""

    created: int = strawberry.field(description="Contacts that are new.")
    updated: int = strawberry.field(description="Contacts whose details, tags or addresses changed.")
    opted_in: int = strawberry.field(description="Contacts with an address that was opted in.")
    opted_out: int = strawberry.field(description="Contacts withdrawn because the file says so.")
    left_opted_out: int = strawberry.field(description="Rows whose address had opted out, and stays so.")
    suppressed: int = strawberry.field(
        description="Rows whose address nobody had, but was opted out or erased before: it comes back opted out."
    )
    duplicate: int = strawberry.field(description="Rows set aside because a later one names the same contact.")
    invalid: int = strawberry.field(description="Rows that could not be used.")


@strawberry.type(
    description=(
        "Work on many contacts, done by workers: `changed + unchanged + skipped + failed = processed`, in the end "
        "`total`."
    )
)
class BulkOperation(Node):
    """An operation as it stood when it was read."""

    row: strawberry.Private[Operation]
    kind: BulkKind = strawberry.field(description="What it does.")
    summary: str = strawberry.field(description="In words: what, to whom, by which file.")
    actor: str = strawberry.field(description="The key or user that asked.")
    status: OperationStatus = strawberry.field(description="Where it stands.")
    total: int | None = strawberry.field(description="Known once the selection has been counted.")
    processed: int = strawberry.field(description="How many contacts have been visited.")
    changed: int = strawberry.field(description="How many of them changed.")
    unchanged: int = strawberry.field(description="For how many it held already.")
    skipped: int = strawberry.field(description="How many were refused; `outcomes` says why.")
    failed: int = strawberry.field(description="How many could not be worked on.")
    progress: float = strawberry.field(description="From 0 to 1.")
    error: str | None = strawberry.field(description="Why it FAILED.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    starts_at: datetime | None = strawberry.field(description="Not before this moment; null: at once.")
    started_at: datetime | None = strawberry.field(description="When a worker began.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, row: Operation) -> "BulkOperation":
        """A snapshot as clients see it."""
        return cls(
            id=global_id("BulkOperation", row.id),
            row=row,
            kind=row.kind,
            summary=row.summary,
            actor=row.actor,
            status=row.status,
            total=row.total,
            processed=row.processed,
            changed=row.changed,
            unchanged=row.unchanged,
            skipped=row.skipped,
            failed=row.failed,
            progress=row.progress,
            error=row.error,
            created_at=row.created_at,
            starts_at=row.starts_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @classmethod
    def of_maybe(cls, row: Operation | None) -> "BulkOperation | None":
        """As `of`, for one that may not exist."""
        return cls.of(row) if row else None

    @strawberry.field(description="Why contacts (or rows) were skipped or failed.")
    def outcomes(self) -> list[BulkOutcome]:
        """Reasons, with their counts."""
        return outcomes(self.row.outcomes)

    @strawberry.field(description="What an import came to; null for the other kinds.")
    def imported(self) -> ImportCounts | None:
        """Figures."""
        if self.kind is not BulkKind.IMPORT:
            return None
        names = ("created", "updated", "opted_in", "opted_out", "left_opted_out", "suppressed", "duplicate")
        return ImportCounts(invalid=self.failed, **{name: self.row.counts.get(name, 0) for name in names})

    @strawberry.field(
        description=(
            "A CSV with a line for each refusal or failure: contact or row, address, code, words. The link is good for "
            "a day without a login; read it again for a new one."
        )
    )
    def report_url(self, info: Info) -> str | None:
        """A signed link."""
        return report_url(info.context.actor.account_id, self.row.id)

    @strawberry.field(
        description=(
            "What an export wrote, once all of it stands; null before, for the other kinds, and after a week. The link "
            "is good for a day without a login; read it again for a new one."
        )
    )
    def result_url(self, info: Info) -> str | None:
        """A signed link."""
        complete = self.kind is BulkKind.EXPORT and self.status is OperationStatus.COMPLETED
        if not complete or self.finished_at is None or self.finished_at + KEPT_FOR < datetime.now(UTC):
            return None
        return result_url(info.context.actor.account_id, self.row.id)


@strawberry.type(description="A bulk operation in a page.")
class BulkOperationEdge:
    """An edge."""

    node: BulkOperation = strawberry.field(description="The operation.")
    cursor: str = strawberry.field(description="Pass it as `after` or `before`.")


@strawberry.type(description="A page of bulk operations.")
class BulkOperationConnection:
    """A page."""

    edges: list[BulkOperationEdge] = strawberry.field(description="The operations with their cursors.")
    nodes: list[BulkOperation] = strawberry.field(description="The operations.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


@strawberry.type(description="The operation, on record and waiting for a worker.")
class BulkPayload:
    """What starting and stopping answer."""

    bulk_operation: BulkOperation | None = strawberry.field(
        default=None, description="The operation; null when refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")

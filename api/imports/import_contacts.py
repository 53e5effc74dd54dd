"""importContacts."""

import strawberry
from strawberry import UNSET

from api import evidence
from api.bulk.types import BulkOperation, BulkPayload
from api.contacts.filters import given
from api.context import Info
from api.enums import described
from api.evidence import EvidenceInput
from api.fields import Input, mutation
from api.imports.source import ImportColumnInput, ImportSourceInput, chosen
from api.relay import required
from domain.actor import Scope
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.values import OnExisting
from domain.values import Channel

described(
    OnExisting,
    "What an import does with a contact that it finds.",
    UPDATE="Its details are updated; blank cells leave what stands.",
    SKIP="It is left as it is; `false` in `accepts_marketing` withdraws all the same.",
)


@strawberry.input(description="What the list says of permission.")
class ImportPermissionInput:
    """A statement."""

    granted: bool = strawberry.field(
        description=("True: every address in the file gave prior permission. False: they enter as NON_MARKETABLE.")
    )
    evidence: EvidenceInput | None = strawberry.field(
        default=UNSET, description="How permission was obtained; `granted: true` needs it."
    )


@strawberry.input(description="A list of contacts to bring in.")
class ImportContactsInput:
    """An import."""

    source: ImportSourceInput = strawberry.field(description="The list.")
    columns: list[ImportColumnInput] | None = strawberry.field(
        default=UNSET, description="Which field each column goes to; worked out from the header when left out."
    )
    permission: ImportPermissionInput = strawberry.field(description="What the list says of permission.")
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.EMAIL],
        description="The channels that permission was given for, and that `accepts_marketing` is about.",
    )
    groups: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Groups that everyone in the list joins."
    )
    new_group: str | None = strawberry.field(
        default=UNSET, description="A group that everyone joins; created when no group has the name."
    )
    tags: list[str] | None = strawberry.field(default=UNSET, description="Tags for everyone in the list.")
    on_existing: OnExisting = strawberry.field(
        default=OnExisting.UPDATE, description="What to do with contacts that exist."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Does all of the work and writes nothing: exact counts and the same report."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description=(
            "The same key (per account and kind) and the same input give the same operation back, before any other "
            "check; with another input: CONFLICT."
        ),
    )

    def read(self) -> NewImport:
        """The domain's import. Raises DomainError for a bad id."""
        return NewImport(
            source=self.source.read(),
            granted=self.permission.granted,
            evidence=evidence.read(self.permission.evidence),
            columns=chosen(given(self.columns)),
            channels=self.channels,
            groups=[required("Group", group, "groups", str(i)) for i, group in enumerate(given(self.groups) or [])],
            new_group=given(self.new_group),
            tags=given(self.tags) or [],
            on_existing=self.on_existing,
            dry_run=self.dry_run,
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.type(description="The operation, on record and waiting for a worker.")
class ImportContactsPayload(BulkPayload):
    """The answer."""


@strawberry.type
class ImportContactsMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        ImportContactsPayload,
        "Brings a list of contacts in. Answers at once: workers do the work, the subscription `bulkOperation` tells "
        "how it goes, and its report says line by line what did not go in and why.",
    )
    async def import_contacts(self, info: Info, asked: Input[ImportContactsInput]) -> ImportContactsPayload:
        """Start."""
        operation = await import_contacts(info.context.actor, asked.read())
        return ImportContactsPayload(bulk_operation=BulkOperation.of(operation))

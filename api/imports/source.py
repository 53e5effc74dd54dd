"""Where a list comes from, and which field each of its columns goes to."""

from collections.abc import Sequence

import strawberry
from strawberry import UNSET

from api.relay import required
from domain.imports.choice import Chosen
from domain.imports.source import Inline, Source, Uploaded


@strawberry.input(one_of=True, description="Where a list comes from: exactly one of these.")
class ImportSourceInput:
    """A source."""

    upload: strawberry.ID | None = strawberry.field(default=UNSET, description="An upload whose file was sent.")
    csv: str | None = strawberry.field(default=UNSET, description="Up to 256 KiB, for trying things out.")

    def read(self) -> Source:
        """The domain's source. Raises DomainError NOT_FOUND."""
        if isinstance(self.csv, str):
            return Inline(self.csv)
        return Uploaded(required("Upload", str(self.upload), "source", "upload"))


@strawberry.input(description="Which field a column goes to. Columns that are not named are left out.")
class ImportColumnInput:
    """A column."""

    column: str = strawberry.field(description="The column's name, as `previewImport` answers it in `header`.")
    field: str = strawberry.field(
        description=(
            "email, email2, email3, mobile, phone, address, first_name, last_name, name, contact_type, external_id, "
            "tags, accepts_marketing, topic:KEY, attribute:KEY."
        )
    )


def chosen(columns: Sequence[ImportColumnInput] | None) -> list[Chosen] | None:
    """The domain's columns; None when they are to be worked out from the header."""
    return None if columns is None else [Chosen(one.column, one.field) for one in columns]

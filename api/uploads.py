"""createUpload."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from api.contacts.filters import given
from api.context import Info
from api.errors import UserError
from api.fields import Input, mutation
from api.http.uploads import upload_url
from api.relay import global_id
from api.scalars import JSON
from domain.actor import Scope
from domain.files import uploads
from domain.files.uploads import GOOD_FOR, create_upload


@strawberry.type(description="Where to send a file. Send its bytes as the body, nothing around them.")
class Upload:
    """An announced upload."""

    id: strawberry.ID = strawberry.field(description="Name it as the source of an import once the file was sent.")
    url: str = strawberry.field(
        description=f"Where to send the file, within {int(GOOD_FOR.total_seconds() // 60)} minutes. It needs no key."
    )
    method: str = strawberry.field(description="The HTTP method to send it with.")
    headers: JSON = strawberry.field(description="The headers to send with it.")
    expires_at: datetime = strawberry.field(description="When `url` stops taking a file.")

    @classmethod
    def of(cls, announced: uploads.Upload) -> "Upload":
        """An upload as clients see it."""
        return cls(
            id=global_id("Upload", announced.id),
            url=upload_url(announced),
            method="PUT",
            headers=JSON({"content-type": announced.content_type}),
            expires_at=announced.expires_at,
        )


@strawberry.input(description="A file that is about to be sent.")
class CreateUploadInput:
    """A file."""

    filename: str = strawberry.field(description="Its name, for people; of a path, the last part is kept.")
    content_type: str = strawberry.field(
        default="text/csv",
        description=(
            "`text/csv`, `text/tab-separated-values`, `text/plain`, `application/gzip` (of any of those) or "
            "`application/vnd.openxmlformats-officedocument.spreadsheetml.sheet` (XLSX)."
        ),
    )
    size: int | None = strawberry.field(
        default=UNSET, description="Its size in bytes. Given, a file of another size is not kept."
    )


@strawberry.type(description="Where to send the file.")
class CreateUploadPayload:
    """The answer."""

    upload: Upload | None = strawberry.field(default=None, description="The upload; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type
class UploadMutation:
    """The mutation."""

    @mutation(
        Scope.BULK,
        CreateUploadPayload,
        "Announces a file and answers where to send it. Sent again before anything works on it, it replaces the "
        "first. It is kept for a week.",
    )
    async def create_upload(self, info: Info, asked: Input[CreateUploadInput]) -> CreateUploadPayload:
        """Announce a file."""
        announced = await create_upload(info.context.actor, asked.filename, asked.content_type, given(asked.size))
        return CreateUploadPayload(upload=Upload.of(announced))

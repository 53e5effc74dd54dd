"""previewImport."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import ErrorCode, UserError
from api.fields import answering
from api.imports.source import ImportColumnInput, ImportSourceInput, chosen
from domain.actor import Scope
from domain.imports.preview import Preview, Problem, preview_import


@strawberry.type(description="What a column would be taken for.")
class ImportColumnGuess:
    """A guess."""

    column: str = strawberry.field(description="Its name.")
    field: str | None = strawberry.field(description="The field it would go to; null: it is not imported.")


@strawberry.type(description="Something that stands in the way, or that a person should know.")
class ImportProblem:
    """A problem."""

    line: int | None = strawberry.field(description="Where in the file, counted from 1; null when it is no one line.")
    column: str | None = strawberry.field(description="The column's name; null when it is about no one column.")
    code: ErrorCode = strawberry.field(description="What kind of problem it is.")
    message: str = strawberry.field(description="The problem in words, for a person.")

    @classmethod
    def of(cls, problem: Problem) -> "ImportProblem":
        """A problem as clients see it."""
        return cls(line=problem.line, column=problem.column, code=problem.code, message=problem.message)


@strawberry.type(description="The start of a list, as an import would read it.")
class ImportPreview:
    """A preview."""

    rows: int = strawberry.field(
        default=0, description="Data rows seen in the part that was read: the first 5,000 at most."
    )
    encoding: str = strawberry.field(
        default="", description="`UTF-8`, `UTF-16 LE`, `UTF-16 BE`, `Windows-1252` or `XLSX`."
    )
    delimiter: str = strawberry.field(default="", description="What separates the cells; empty for an XLSX.")
    header: list[str] = strawberry.field(
        default_factory=list,
        description="The columns' names, made unique: `Email (2)` for a second one, `Column 3` for one without a name.",
    )
    columns: list[ImportColumnGuess] = strawberry.field(
        default_factory=list, description="What each column would be taken for, in the header's order."
    )
    sample: list[list[str]] = strawberry.field(
        default_factory=list, description="The first ten rows, trimmed; long values cut at 200 characters."
    )
    problems: list[ImportProblem] = strawberry.field(
        default_factory=list, description="What is wrong in the part that was read, or good to know: the first 50."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it cannot be read at all; the rest is empty then."
    )

    @classmethod
    def of(cls, seen: Preview) -> "ImportPreview":
        """A preview as clients see it."""
        guesses = zip(seen.header, seen.fields, strict=True)
        return cls(
            rows=seen.rows,
            encoding=seen.encoding,
            delimiter=seen.delimiter,
            header=list(seen.header),
            columns=[ImportColumnGuess(column=name, field=field) for name, field in guesses],
            sample=seen.sample,
            problems=[ImportProblem.of(problem) for problem in seen.problems],
        )


@strawberry.type
class ImportPreviewQuery:
    """What can be asked before."""

    @answering(ImportPreview, "Reads the start of an upload: nothing is imported.", Scope.BULK)
    async def preview_import(
        self,
        info: Info,
        source: Annotated[ImportSourceInput, strawberry.argument(description="The list.")],
        columns: Annotated[
            list[ImportColumnInput] | None,
            strawberry.argument(
                description="Which field each column goes to; worked out from the header when left out."
            ),
        ] = None,
    ) -> ImportPreview:
        """Preview."""
        return ImportPreview.of(await preview_import(info.context.actor, source.read(), chosen(columns)))

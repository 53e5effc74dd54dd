"""Refusals become `userErrors` or coded errors; faults are logged and masked."""

from typing import Any, Final

import strawberry
from graphql import GraphQLError, GraphQLFormattedError

import api.enums  # noqa: F401 - publishes the codes
from domain.errors import DomainError, ErrorCode, Refusals
from domain.infra.log import logger

log = logger("api")

INTERNAL: Final = "INTERNAL"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
FORBIDDEN: Final = "FORBIDDEN"
BAD_REQUEST: Final = "BAD_REQUEST"
PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
TOO_COMPLEX: Final = "TOO_COMPLEX"
TOO_LARGE: Final = "TOO_LARGE"
DEADLINE: Final = "DEADLINE"
RATE_LIMITED: Final = "RATE_LIMITED"
UNAVAILABLE: Final = "UNAVAILABLE"
GOING_AWAY: Final = "GOING_AWAY"
NOT_FOUND_BY_HASH: Final = "PERSISTED_QUERY_NOT_FOUND"
NOT_TRUSTED: Final = "PERSISTED_QUERY_NOT_IN_LIST"


@strawberry.type(
    description="Why the request was refused, in a form that a program can switch on and a person can act on."
)
class UserError:
    """One refusal."""

    code: ErrorCode = strawberry.field(description="The reason. Codes are never renamed.")
    field: list[str] | None = strawberry.field(
        default=None,
        description="The input field it is about, as a path below `input`; null when it is about the whole.",
    )
    message: str = strawberry.field(description="The reason in words, for a person.")


def user_errors(refusal: DomainError | Refusals) -> list[UserError]:
    """What was refused, in the API's form."""
    refusals = refusal.errors if isinstance(refusal, Refusals) else [refusal]
    return [UserError(code=e.code, field=list(e.field) or None, message=e.message) for e in refusals]


def coded(message: str, code: str, **extensions: Any) -> GraphQLError:
    """A top-level error: authentication, limits, malformed documents."""
    return GraphQLError(message, extensions={"code": code, **extensions})


def formatted(error: GraphQLError, default: str, request_id: str) -> GraphQLFormattedError:
    """An error as clients may see it: coded, and masked when it is a fault of ours.

    `default` is the code of an error that GraphQL itself raised at this stage.
    """
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        shown = error.formatted
        shown["extensions"] = {"code": default} | shown.get("extensions", {})
        return shown
    shown = {"message": _words(original, request_id), "extensions": _extensions(original, request_id)}
    if error.locations is not None:
        shown["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        shown["path"] = error.path
    return shown


def _words(original: Exception, request_id: str) -> str:
    if isinstance(original, DomainError | Refusals):
        return str(original)
    log.error("fault", request_id=request_id, exc_info=original)
    return "Something went wrong on our side. The request's id helps us find it."


def _extensions(original: Exception, request_id: str) -> dict[str, Any]:
    if isinstance(original, Refusals):
        original = original.errors[0]
    if isinstance(original, DomainError):
        return (
            {"code": original.code.value, "field": list(original.field)}
            if original.field
            else {"code": original.code.value}
        )
    return {"code": INTERNAL, "requestId": request_id}


__all__ = ["DomainError", "ErrorCode", "UserError", "coded", "formatted", "user_errors"]

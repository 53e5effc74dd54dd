"""What a client asks for: a GraphQL request, whatever way it came."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request, its shape already checked. The text is empty where a hash or an id stands for it."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    sha256: str | None = None
    document_id: str | None = None

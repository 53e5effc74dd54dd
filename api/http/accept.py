"""Content negotiation: in which media type one answer goes back, and in which a stream of them.

Sources: GraphQL over HTTP (draft), graphql-sse ("distinct connections"), Apollo's multipart subscription protocol.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
SSE: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed"
_WILDCARDS: Final = ("*/*", "application/*")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes."""

    one: str | None
    """The media type of a single answer, None where the client takes neither."""
    stream: str | None
    """The media type of a stream, None where the client takes none."""
    streams_first: bool
    """Whether a stream is wanted most: then any answer goes out as one.

    Clients that name it later want it for subscriptions alone, and JSON for the rest.
    """


@lru_cache(maxsize=200)
def accepted(accept: str) -> Accepted:
    """Read an Accept header; whoever takes anything gets JSON."""
    if accept in ("", "*/*", JSON):
        return Accepted(JSON, None, streams_first=False)
    parts = [_part(part) for part in accept.split(",")]
    # The most wanted first; of equally wanted ones, the one that is named first.
    wanted = [(name, given) for name, quality, given in sorted(parts, key=lambda part: -part[1]) if quality > 0]
    streams = [name for name, given in wanted if name == SSE or (name == MULTIPART and _is_apollo(given))]
    first = wanted[0][0] if wanted else ""
    return Accepted(
        _one({name: quality for name, quality, _ in reversed(parts)}), next(iter(streams), None), first == SSE
    )


def _one(qualities: dict[str, float]) -> str | None:
    best = max((RESPONSE_JSON, JSON), key=lambda name: qualities.get(name, 0.0))
    if qualities.get(best, 0.0) > 0:
        return best
    return JSON if any(qualities.get(name, 0.0) > 0 for name in _WILDCARDS) else None


def _is_apollo(parameters: list[str]) -> bool:
    return any(one.replace('"', "") == "subscriptionspec=1.0" for one in parameters)


def _part(part: str) -> tuple[str, float, list[str]]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return name, float(weight), parameters
    except ValueError:
        return name, 0.0, parameters

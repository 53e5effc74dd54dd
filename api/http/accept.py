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
_WILDCARDS: Final = ("application/*", "*/*")
"""The closer one first: what is said of it counts (RFC 9110, section 12.5.1)."""


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
    """The better one; of equally good ones that which is named, else JSON."""
    anything = next((qualities[name] for name in _WILDCARDS if name in qualities), 0.0)
    known = [(qualities.get(name, anything), name in qualities, name) for name in (RESPONSE_JSON, JSON)]
    quality, named, best = max(known, key=lambda one: one[:2])
    if not named and known[1][0] == quality:
        best = JSON
    return best if quality > 0 else None


def _is_apollo(parameters: list[str]) -> bool:
    return any(one.replace('"', "") == "subscriptionspec=1.0" for one in parameters)


def _part(part: str) -> tuple[str, float, list[str]]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return name, float(weight), parameters
    except ValueError:
        return name, 0.0, parameters

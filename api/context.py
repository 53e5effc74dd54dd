"""What a request carries: who asks, and under which id it is logged."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from domain.actor import Actor
from domain.recipients.visit import Visit


@dataclass(frozen=True, slots=True)
class Context:
    """One request's (or one socket's) actor. Every resolver reads it, none changes it."""

    actor: Actor
    request_id: str
    visit: Visit = field(default_factory=Visit)
    """Where the request comes from."""


Info: TypeAlias = strawberry.Info[Context, None]

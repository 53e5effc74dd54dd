"""Where a recipient's own act came from, as evidence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visit:
    """A network address and a browser, where they are known."""

    ip: str | None = None
    user_agent: str | None = None

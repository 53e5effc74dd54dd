"""What a column of a list is taken for, by its header: people's words in four languages, and other systems' exports."""

from collections.abc import Sequence


def propose(header: Sequence[str]) -> list[str | None]:
    """The field of each column (`email`, `first_name`, `topic:KEY`, …), or None for one that is not imported."""
    raise NotImplementedError

"""`assent doctor`: says what works and what does not."""


def doctor() -> None:
    """Report what is reachable, in which version, and what is pending or stranded."""

"""Whoever changes which topics an account has waits for those who rest on it, and the other way about.

Taken before any row: a contact created while a default-on topic is added must come out with the right topics.
"""

_KEY = "hashtextextended('assent.topics:' || $1::uuid::text, 0)"

SHARED = f"SELECT pg_advisory_xact_lock_shared({_KEY})"
"""For creating a contact or switching its topics; `$1` is the account."""

EXCLUSIVE = f"SELECT pg_advisory_xact_lock({_KEY})"
"""For adding a topic; `$1` is the account."""

"""Trusted documents: the operations a deployment knows, from a directory or a manifest, by hash and by id."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Trusted:
    """Known documents: each is found by its id in the manifest and by the SHA-256 of its text."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, *ids: str) -> None:
        """Know one more document."""
        self.texts.update(dict.fromkeys((*ids, digest(text)), text))

    def find(self, identity: str) -> str | None:
        """The text behind an id or a hash (`sha256:` before it is taken off), or None."""
        return self.texts.get(identity) or self.texts.get(identity.removeprefix("sha256:"))

    def knows(self, text: str) -> bool:
        """Whether exactly this text is among them."""
        return digest(text) in self.texts


def digest(text: str) -> str:
    """A document's SHA-256 in lower-case hexadecimal digits, as Apollo's protocol names it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=4)
def trusted(source: Path | None) -> Trusted:
    """The documents of a directory (every .graphql file below it) or of a manifest; none for None.

    A manifest is JSON: `{id: text}`, as Relay and graphql-codegen write it, or Apollo's
    `{"format": "apollo-persisted-query-manifest", "operations": [{"id", "body"}]}`.
    Raises ValueError for a file that is neither, OSError for one that is not there.
    """
    found = Trusted()
    if source is None:
        return found
    if source.is_dir():
        for path in sorted(source.rglob("*.graphql")):
            found.add(path.read_text(), path.stem)
        return found
    for identity, text in _entries(json.loads(source.read_text()), source):
        found.add(text, identity)
    return found


def _entries(manifest: Any, source: Path) -> list[tuple[str, str]]:
    operations = manifest.get("operations") if isinstance(manifest, dict) else None
    if isinstance(operations, list):
        entries = [(one.get("id"), one.get("body")) for one in operations if isinstance(one, dict)]
    else:
        entries = list(manifest.items()) if isinstance(manifest, dict) else [(None, None)]
    known = [(identity, text) for identity, text in entries if isinstance(identity, str) and isinstance(text, str)]
    if len(known) < len(entries):
        raise ValueError(f"{source} is no manifest of trusted documents.")
    return known

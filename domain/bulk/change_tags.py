"""Put tags on a selection of contacts, and take tags off it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.contacts import rules
from domain.contacts.gathered import Gathered
from domain.contacts.selection import Selection, to_json
from domain.errors import invalid


@dataclass(frozen=True, slots=True)
class TagChange:
    """What a person asks for, as in `BulkUpdateTagsInput`."""

    selection: Selection
    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    idempotency_key: str | None = None


async def bulk_change_tags(actor: Actor, change: TagChange) -> Operation:
    """Put a change of tags on record; whoever has the one and lacks the other already is unchanged.

    Raises Refusals for tags that are none (`add.0`, `remove.1`); DomainError: INVALID for no tag at all, a tag in
    both lists, or a selection of nobody; CONFLICT for a key that came with another input; what the selection says.
    """

    async def check(_now: datetime) -> Asked:
        add, remove = _checked(change)
        await check_selection(actor, change.selection)
        await check_anyone(actor, change.selection)
        words = f"{_words(add, remove)}: {await whom(actor, change.selection)}"
        return Asked(words, {"add": add, "remove": remove}, to_json(change.selection))

    given = {"selection": to_json(change.selection), "add": list(change.add), "remove": list(change.remove)}
    return await start(actor, Wish(BulkKind.CHANGE_TAGS, given, change.idempotency_key), check)


def _checked(change: TagChange) -> tuple[list[str], list[str]]:
    gathered = Gathered()
    add = gathered.take(lambda: rules.tags(change.add, "add")) or []
    remove = gathered.take(lambda: rules.tags(change.remove, "remove")) or []
    gathered.settle()
    if not add and not remove:
        raise invalid("Name a tag to add or to remove.", "add")
    if both := set(add) & set(remove):
        raise invalid(f"“{min(both)}” cannot be added and removed at once.", "remove")
    return add, remove


def _words(add: list[str], remove: list[str]) -> str:
    said = [
        f"{verb} the tag{'s' if len(tags) > 1 else ''} {', '.join(f'“{tag}”' for tag in tags)}"
        for verb, tags in (("add", add), ("remove", remove))
        if tags
    ]
    text = ", ".join(said)
    return text[0].upper() + text[1:]

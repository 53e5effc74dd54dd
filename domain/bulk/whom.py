"""Whom an operation is for: checked, counted, and said in words."""

from domain.actor import Actor
from domain.contacts import planned
from domain.contacts import selection as selections
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode, invalid
from domain.groups.queries import by_ids


async def check_selection(actor: Actor, selection: Selection, expected_total: int | None = None) -> None:
    """Raise DomainError for a selection that cannot be worked on, or that is not as large as the person was shown."""
    await selections.check(actor, selection)
    if expected_total is not None and expected_total != (found := await selections.count(actor, selection)):
        message = f"The selection holds {found:,} contacts, not {expected_total:,}. Look again before you go on."
        raise DomainError(ErrorCode.CONFLICT, message, "expectedTotal")


async def check_anyone(actor: Actor, selection: Selection) -> None:
    """Raise DomainError INVALID when nobody is selected."""
    statement = selections.statement(actor, selection)
    rows = await planned.fetch(f"SELECT EXISTS ({statement.text})", statement.parameters)
    if not rows[0][0]:
        raise invalid("The selection holds no contacts.", "selection")


async def whom(actor: Actor, selection: Selection) -> str:
    """The selection in words, without anybody's name or address."""
    if selection.ids is not None:
        chosen = len(set(selection.ids))
        return "one contact" if chosen == 1 else f"{chosen:,} chosen contacts"
    if selection.group is not None:
        groups = await by_ids(actor, [selection.group])
        return f"the group “{groups[selection.group].name}”"
    if selection.tag is not None:
        return f"everyone tagged “{selection.tag}”"
    if selection.imported_by is not None:
        return "the contacts of one import"
    return "everyone" if selection.everyone else "the contacts of a filter"

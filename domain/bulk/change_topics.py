"""Switch topics of a selection of contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts.queries import topics
from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.contacts.selection import Selection, to_json
from domain.contacts.subscriptions import TopicSwitch, check_switches
from domain.errors import invalid


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What a person asks for, as in `BulkUpdateSubscriptionsInput`."""

    selection: Selection
    switches: Sequence[TopicSwitch]
    idempotency_key: str | None = None


async def bulk_change_topics(actor: Actor, change: TopicChange) -> Operation:
    """Put a change of topics on record; it is stored whatever the consent, and changes whom it was the other way for.

    Raises Refusals: NOT_FOUND for a topic (`subscriptions.0.topic`), DUPLICATE for one named twice; DomainError:
    INVALID for no topic or a selection of nobody, CONFLICT for a key that came with another input; what the selection
    says.
    """

    async def check(_now: datetime) -> Asked:
        if not change.switches:
            raise invalid("Name at least one topic.", "subscriptions")
        names = {topic.id: topic.name for topic in await topics(actor)}
        check_switches(change.switches, names)
        await check_selection(actor, change.selection)
        await check_anyone(actor, change.selection)
        words = f"{_words(change.switches, names)}: {await whom(actor, change.selection)}"
        return Asked(words, {"topics": wanted}, to_json(change.selection))

    wanted = {str(switch.topic_id): switch.subscribed for switch in change.switches}
    given = {
        "selection": to_json(change.selection),
        "subscriptions": sorted([str(switch.topic_id), switch.subscribed] for switch in change.switches),
    }
    return await start(actor, Wish(BulkKind.CHANGE_TOPICS, given, change.idempotency_key), check)


def _words(switches: Sequence[TopicSwitch], names: dict[UUID, str]) -> str:
    said = [
        f"switch {', '.join(f'“{names[switch.topic_id]}”' for switch in some)} {word}"
        for word, some in (
            ("on", [switch for switch in switches if switch.subscribed]),
            ("off", [switch for switch in switches if not switch.subscribed]),
        )
        if some
    ]
    text = ", ".join(said)
    return text[0].upper() + text[1:]

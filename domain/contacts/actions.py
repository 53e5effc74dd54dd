"""What may be done to a contact now, and why not: what an Actions menu needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.consent.rules import CHECK_ORDER, Change, Changed, Decision, Facts, Proof, Refused, Request, decide
from domain.consent.words import WORDS
from domain.contacts.rows import ContactRow, PointRow, primary
from domain.errors import ErrorCode
from domain.values import Channel, ConsentSource, ConsentStatus, OptOutPolicy


class ActionKind(StrEnum):
    """What an Actions menu offers."""

    OPT_IN = "OPT_IN"
    OPT_OUT = "OPT_OUT"
    ARCHIVE = "ARCHIVE"
    ACTIVATE = "ACTIVATE"
    MARK_ERROR = "MARK_ERROR"
    CLEAR_ERROR = "CLEAR_ERROR"
    EDIT = "EDIT"
    REQUEST_DOUBLE_OPT_IN = "REQUEST_DOUBLE_OPT_IN"
    ERASE = "ERASE"


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """One entry of the menu. `enabled`: the mutation would not be refused; `effective`: it would change something."""

    kind: ActionKind
    enabled: bool
    effective: bool
    code: ErrorCode | None
    message: str | None
    requires_confirmation: bool
    requires_evidence: bool


def available_actions(
    contact: ContactRow,
    points: Sequence[PointRow],
    policy: OptOutPolicy,
    channel: Channel,
    unaskable: ErrorCode | None,
) -> list[AvailableAction]:
    """Every kind of action, in the order of ActionKind, as the mutations with their defaults would answer.

    `unaskable`: why the primary email cannot be asked to confirm, if anything (see domain/confirmations/askable.py).

    An opt-in is judged as if the best evidence came with it: `requires_evidence` says that it must.
    """
    chosen = [point for point in points if point.channel is channel]
    answers = {kind: _asked(kind, contact, chosen, policy) for kind in _CHANGES}
    answers[ActionKind.EDIT] = (_edit_refusal(points, policy), True)
    answers[ActionKind.REQUEST_DOUBLE_OPT_IN] = (unaskable if channel is Channel.EMAIL else ErrorCode.NO_ADDRESS, True)
    answers[ActionKind.ERASE] = (None, True)
    return [
        AvailableAction(
            kind=kind,
            enabled=(code := answers[kind][0]) is None,
            effective=code is None and answers[kind][1],
            code=code,
            message=_SPECIAL.get((kind, code), WORDS.get(code)) if code else None,
            requires_confirmation=kind in _ASK_FIRST,
            requires_evidence=kind is ActionKind.OPT_IN or (code is ErrorCode.LOCKED and kind is ActionKind.EDIT),
        )
        for kind in ActionKind
    ]


_CHANGES = {
    ActionKind.OPT_IN: Change.OPT_IN,
    ActionKind.OPT_OUT: Change.OPT_OUT,
    ActionKind.ARCHIVE: Change.ARCHIVE,
    ActionKind.ACTIVATE: Change.ACTIVATE,
    ActionKind.MARK_ERROR: Change.MARK_ERROR,
    ActionKind.CLEAR_ERROR: Change.CLEAR_ERROR,
}
_ASK_FIRST = frozenset({ActionKind.OPT_IN, ActionKind.OPT_OUT, ActionKind.REQUEST_DOUBLE_OPT_IN, ActionKind.ERASE})
_SPECIAL = {
    (ActionKind.EDIT, ErrorCode.LOCKED): "The person opted out; only a correction that someone asked for is allowed.",
    (ActionKind.REQUEST_DOUBLE_OPT_IN, ErrorCode.NO_ADDRESS): "The contact has no email address.",
    (ActionKind.REQUEST_DOUBLE_OPT_IN, ErrorCode.OPTED_OUT): "The person opted out.",
    (ActionKind.REQUEST_DOUBLE_OPT_IN, ErrorCode.UNDELIVERABLE): "Mail to this address comes back.",
    (
        ActionKind.REQUEST_DOUBLE_OPT_IN,
        ErrorCode.NOT_PERMITTED,
    ): "Only recorded, unconfirmed permission can be confirmed.",
    (ActionKind.REQUEST_DOUBLE_OPT_IN, ErrorCode.CONFLICT): "This address was asked a short while ago.",
}


def _asked(
    kind: ActionKind, contact: ContactRow, chosen: Sequence[PointRow], policy: OptOutPolicy
) -> tuple[ErrorCode | None, bool]:
    """What the single mutation would be refused with, if anything, and whether it would change something."""
    request = Request(_CHANGES[kind], ConsentSource.OPERATOR, policy, Proof.WRITTEN, evidence_newer=True)
    # As the mutations do by default: an opt-in is for the primary address, the rest for every one.
    judged = [point for point in chosen if point.slot == 1] if kind is ActionKind.OPT_IN else chosen
    facts = [Facts(contact.lifecycle, point.consent, point.deliverability) for point in judged]
    decisions = [decide(request, fact) for fact in facts or [Facts(contact.lifecycle, None)]]
    return _refusal(decisions), any(isinstance(decision, Changed) for decision in decisions)


def _refusal(decisions: Sequence[Decision]) -> ErrorCode | None:
    codes = {decision.code for decision in decisions if isinstance(decision, Refused)}
    return next((code for code in CHECK_ORDER if code in codes), None)


def _edit_refusal(points: Sequence[PointRow], policy: OptOutPolicy) -> ErrorCode | None:
    email = primary(points, Channel.EMAIL)
    out = email is not None and email.consent is ConsentStatus.OPTED_OUT
    return ErrorCode.LOCKED if out and policy is OptOutPolicy.STRICT else None

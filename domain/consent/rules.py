"""The rules of permission: one pure, total function. docs/rules.md shows its tables.

Every change of permission, whoever asks and however many contacts it is for, is decided here and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.errors import ErrorCode
from domain.values import (
    ConsentAction,
    ConsentSource,
    ConsentStatus,
    Deliverability,
    EvidenceMethod,
    Lifecycle,
    OptOutPolicy,
)


class Change(StrEnum):
    """What is asked for."""

    OPT_IN = "OPT_IN"
    CONFIRM = "CONFIRM"
    OPT_OUT = "OPT_OUT"
    ARCHIVE = "ARCHIVE"
    ACTIVATE = "ACTIVATE"
    MARK_ERROR = "MARK_ERROR"
    CLEAR_ERROR = "CLEAR_ERROR"
    REINSTATE = "REINSTATE"
    """Activate the archived and clear ERROR: the bulk status ACTIVE."""
    ERASE = "ERASE"
    RESTORE = "RESTORE"
    """Give an address back the permission that an undone change found."""


class Proof(StrEnum):
    """What kind of evidence comes with a request."""

    NONE = "NONE"
    UNWRITTEN = "UNWRITTEN"
    WRITTEN = "WRITTEN"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, by which way, under which policy, on what proof."""

    change: Change
    source: ConsentSource
    policy: OptOutPolicy = OptOutPolicy.WITH_EVIDENCE
    proof: Proof = Proof.NONE
    evidence_newer: bool = False
    """The evidence (or the confirmation link) is newer than the latest opt-out."""
    include_archived: bool = False
    granted: bool = True
    """IMPORT: the file states that every address in it gave permission."""
    confirmation: bool = False
    """SIGNUP_FORM: the form asks for confirmation by mail."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands. `consent` is None when none of the chosen addresses exists."""

    lifecycle: Lifecycle
    consent: ConsentStatus | None
    deliverability: Deliverability = Deliverability.OK
    was: ConsentStatus | None = None
    """RESTORE: what the undone change found here; None when it changed nothing here."""
    stands: bool = False
    """RESTORE: the present consent rests on the undone change, and on nothing since."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change, and one ledger entry. What is None stays as it is."""

    action: ConsentAction
    consent: ConsentStatus | None = None
    deliverability: Deliverability | None = None
    lifecycle: Lifecycle | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The request changes something: these steps, in this order."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The request is granted and what it asks for already holds, or waits for the recipient's confirmation."""

    confirmation_requested: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The request is refused, and nothing changes."""

    code: ErrorCode


Decision = Changed | Unchanged | Refused

NON_MARKETABLE, SINGLE, DOUBLE, OUT = ConsentStatus
OPERATOR, BULK, IMPORT = ConsentSource.OPERATOR, ConsentSource.BULK, ConsentSource.IMPORT
SIGNUP, PREFERENCES = ConsentSource.SIGNUP_FORM, ConsentSource.PREFERENCE_CENTRE

CHECK_ORDER: Final = (
    ErrorCode.EVIDENCE_REQUIRED,
    ErrorCode.NO_ADDRESS,
    ErrorCode.CONTACT_ARCHIVED,
    ErrorCode.OPTED_OUT,
    ErrorCode.LOCKED,
    ErrorCode.NOT_PERMITTED,
    ErrorCode.UNDELIVERABLE,
    ErrorCode.CONFLICT,
    ErrorCode.TOO_LARGE,
    ErrorCode.NOT_FOUND,
)
"""A contact refused for several reasons is counted under the first of these."""

WRITTEN_METHODS: Final = frozenset(
    {EvidenceMethod.SIGNUP_FORM, EvidenceMethod.WRITTEN_REQUEST, EvidenceMethod.PAPER_FORM}
)
RECIPIENT: Final = frozenset(
    {
        ConsentSource.UNSUBSCRIBE_LINK,
        ConsentSource.ONE_CLICK,
        ConsentSource.PREFERENCE_CENTRE,
        ConsentSource.SMS_KEYWORD,
        ConsentSource.RECIPIENT_RELAYED,
        ConsentSource.COMPLAINT,
    }
)
"""The recipient's own act: an opt-out by one of these always applies and is recorded each time."""
BY_LINK: Final = frozenset({ConsentSource.UNSUBSCRIBE_LINK, ConsentSource.ONE_CLICK})
"""What a forwarded mail can do in the recipient's name, and what the recipient can therefore take back for a while."""
TAKES_BACK: Final = {
    ConsentSource.UNSUBSCRIBE_LINK: BY_LINK,
    ConsentSource.SMS_KEYWORD: frozenset(
        {ConsentSource.SMS_KEYWORD, ConsentSource.PREFERENCE_CENTRE, ConsentSource.RECIPIENT_RELAYED}
    ),
}
"""RESTORE by the recipient: whose withdrawals each way gives back. START gives back what they withdrew themselves."""

ACTIVATE: Final = Step(ConsentAction.ACTIVATE, lifecycle=Lifecycle.ACTIVE)
ARCHIVE: Final = Step(ConsentAction.ARCHIVE, lifecycle=Lifecycle.ARCHIVED)
OPT_IN: Final = Step(ConsentAction.OPT_IN, consent=SINGLE)
CONFIRM: Final = Step(ConsentAction.CONFIRM, consent=DOUBLE)
OPT_OUT: Final = Step(ConsentAction.OPT_OUT, consent=OUT)
ERASE: Final = Step(ConsentAction.ERASE, consent=OUT)
MARK_ERROR: Final = Step(ConsentAction.MARK_ERROR, deliverability=Deliverability.ERROR)
CLEAR_ERROR: Final = Step(ConsentAction.CLEAR_ERROR, deliverability=Deliverability.OK)


def decide(request: Request, facts: Facts) -> Decision:
    """What becomes of a request on these facts.

    Total: a pair of change and source that no rule names is NOT_PERMITTED. The checks run in the order
    evidence, address, archived, consent, and the first that fails is the answer.
    """
    sources, rule = _RULES[request.change]
    if request.source not in sources:
        return Refused(ErrorCode.NOT_PERMITTED)
    return rule(request, facts)


def proof_of(method: EvidenceMethod | None) -> Proof:
    """How an evidence method counts: only what the person wrote or signed can lift an opt-out."""
    if method is None:
        return Proof.NONE
    return Proof.WRITTEN if method in WRITTEN_METHODS else Proof.UNWRITTEN


def _opt_in(request: Request, facts: Facts) -> Decision:
    by_company = request.source in (OPERATOR, BULK, IMPORT)
    needs_evidence = request.source in (OPERATOR, BULK) or (request.source is IMPORT and request.granted)
    if needs_evidence and request.proof is Proof.NONE:
        return Refused(ErrorCode.EVIDENCE_REQUIRED)
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    if by_company and facts.lifecycle is Lifecycle.ARCHIVED:
        return Refused(ErrorCode.CONTACT_ARCHIVED)
    if facts.consent is OUT:
        return _lift(request) if by_company else Unchanged(confirmation_requested=True)
    if request.source is SIGNUP and request.confirmation:
        return Unchanged(confirmation_requested=facts.consent is not DOUBLE)
    if facts.consent is NON_MARKETABLE and request.granted:
        return Changed((OPT_IN,))
    return Unchanged()


def _lift(request: Request) -> Decision:
    """An opt-in of an OPTED_OUT address by the company: one operator, one contact, written and newer evidence."""
    if request.source is not OPERATOR:
        return Refused(ErrorCode.OPTED_OUT)
    if request.policy is OptOutPolicy.STRICT:
        return Refused(ErrorCode.LOCKED)
    if request.proof is not Proof.WRITTEN:
        return Refused(ErrorCode.NOT_PERMITTED)
    return Changed((OPT_IN,)) if request.evidence_newer else Refused(ErrorCode.OPTED_OUT)


def _confirm(request: Request, facts: Facts) -> Decision:
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    stale = facts.consent is OUT and not request.evidence_newer
    return Unchanged() if stale or facts.consent is DOUBLE else Changed((CONFIRM,))


def _opt_out(request: Request, facts: Facts) -> Decision:
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    if request.source in RECIPIENT:
        return Changed((OPT_OUT,))
    archived = facts.lifecycle is Lifecycle.ARCHIVED and request.source is not IMPORT
    if archived and not request.include_archived:
        return Refused(ErrorCode.CONTACT_ARCHIVED)
    if facts.consent is OUT:
        return Unchanged()
    return Changed((ACTIVATE, OPT_OUT, ARCHIVE) if archived else (OPT_OUT,))


def _archive(_request: Request, facts: Facts) -> Decision:
    return Changed((ARCHIVE,)) if facts.lifecycle is Lifecycle.ACTIVE else Unchanged()


def _activate(_request: Request, facts: Facts) -> Decision:
    return Changed((ACTIVATE,)) if facts.lifecycle is Lifecycle.ARCHIVED else Unchanged()


def _mark_error(_request: Request, facts: Facts) -> Decision:
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    return Changed((MARK_ERROR,)) if facts.deliverability is Deliverability.OK else Unchanged()


def _clear_error(_request: Request, facts: Facts) -> Decision:
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    return Changed((CLEAR_ERROR,)) if facts.deliverability is Deliverability.ERROR else Unchanged()


def _reinstate(_request: Request, facts: Facts) -> Decision:
    steps: tuple[Step, ...] = (ACTIVATE,) if facts.lifecycle is Lifecycle.ARCHIVED else ()
    if facts.consent is not None and facts.deliverability is Deliverability.ERROR:
        steps += (CLEAR_ERROR,)
    return Changed(steps) if steps else Unchanged()


def _erase(_request: Request, facts: Facts) -> Decision:
    return Refused(ErrorCode.NO_ADDRESS) if facts.consent is None else Changed((ERASE,))


def _restore(request: Request, facts: Facts) -> Decision:
    """Archived or not, and never over what came since: a recipient's act above all, unless they take it back."""
    if facts.consent is None:
        return Refused(ErrorCode.NO_ADDRESS)
    if facts.was in (None, facts.consent):
        return Unchanged()
    if not facts.stands:
        return Refused(ErrorCode.OPTED_OUT if facts.consent is OUT else ErrorCode.CONFLICT)
    if facts.consent is OUT and request.policy is OptOutPolicy.STRICT and request.source not in RECIPIENT:
        return Refused(ErrorCode.LOCKED)
    return Changed((Step(ConsentAction.RESTORE, consent=facts.was),))


_OPERATORS: Final = frozenset({OPERATOR, BULK})
_REVERSERS: Final = frozenset({OPERATOR, BULK, ConsentSource.UNDO})
_RULES: Final[dict[Change, tuple[frozenset[ConsentSource], Callable[[Request, Facts], Decision]]]] = {
    Change.OPT_IN: (_OPERATORS | {IMPORT, SIGNUP, PREFERENCES}, _opt_in),
    Change.CONFIRM: (frozenset({ConsentSource.CONFIRMATION_LINK}), _confirm),
    Change.OPT_OUT: (_OPERATORS | {IMPORT} | RECIPIENT, _opt_out),
    Change.ARCHIVE: (_REVERSERS, _archive),
    Change.ACTIVATE: (_REVERSERS | {ConsentSource.AUTOMATION}, _activate),
    Change.MARK_ERROR: (_REVERSERS | {ConsentSource.BOUNCE}, _mark_error),
    Change.CLEAR_ERROR: (_REVERSERS, _clear_error),
    Change.REINSTATE: (frozenset({BULK}), _reinstate),
    Change.ERASE: (_OPERATORS, _erase),
    Change.RESTORE: (frozenset({ConsentSource.UNDO}) | TAKES_BACK.keys(), _restore),
}

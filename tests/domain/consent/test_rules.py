"""The rules of permission as tables: each row is a sentence of rules.md."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consent.rules import (
    RECIPIENT,
    Change,
    Changed,
    Decision,
    Facts,
    Proof,
    Refused,
    Request,
    Unchanged,
    decide,
)
from domain.errors import ErrorCode
from domain.values import ConsentAction, ConsentSource, ConsentStatus, Deliverability, Lifecycle, OptOutPolicy

NONE, SINGLE, DOUBLE, OUT = ConsentStatus
OK, ERROR = Deliverability
ACTIVE, ARCHIVED = Lifecycle
STRICT = OptOutPolicy.STRICT
WRITTEN = Proof.WRITTEN
S = ConsentSource


def word(decision: Decision) -> str:
    """A decision as the tables of rules.md write it."""
    match decision:
        case Refused(code):
            return code
        case Changed(steps):
            return ", ".join(step.consent or step.deliverability or step.action for step in steps)
        case Unchanged(confirmation_requested=True):
            return "unchanged, confirmation requested"
        case _:
            return "unchanged"


ASK = "unchanged, confirmation requested"
WAYS = {
    "operator, single": Request(Change.OPT_IN, S.OPERATOR, proof=WRITTEN),
    "bulk": Request(Change.OPT_IN, S.BULK, proof=WRITTEN),
    "import, granted": Request(Change.OPT_IN, S.IMPORT, proof=WRITTEN),
    "import, not granted": Request(Change.OPT_IN, S.IMPORT, granted=False),
    "sign-up form with confirmation": Request(Change.OPT_IN, S.SIGNUP_FORM, confirmation=True),
    "sign-up form without": Request(Change.OPT_IN, S.SIGNUP_FORM),
    "preference centre": Request(Change.OPT_IN, S.PREFERENCE_CENTRE),
    "confirmation link": Request(Change.CONFIRM, S.CONFIRMATION_LINK, evidence_newer=True),
}
OPT_IN = {
    NONE: (SINGLE, SINGLE, SINGLE, "unchanged", ASK, SINGLE, SINGLE, DOUBLE),
    SINGLE: ("unchanged", "unchanged", "unchanged", "unchanged", ASK, "unchanged", "unchanged", DOUBLE),
    DOUBLE: ("unchanged",) * 8,
    OUT: ("OPTED_OUT", "OPTED_OUT", "OPTED_OUT", "OPTED_OUT", ASK, ASK, ASK, DOUBLE),
}


@pytest.mark.parametrize("consent", ConsentStatus)
@pytest.mark.parametrize("way", WAYS)
def test_opt_in_table(way: str, consent: ConsentStatus) -> None:
    """Each cell of the opt-in table holds (an operator's evidence here is older than the opt-out)."""
    expected = OPT_IN[consent][list(WAYS).index(way)]
    assert word(decide(WAYS[way], Facts(ACTIVE, consent))) == expected


@pytest.mark.parametrize("consent", ConsentStatus)
def test_a_link_older_than_the_opt_out_confirms_nothing(consent: ConsentStatus) -> None:
    """A confirmation link issued before the latest opt-out leaves the opt-out as it is."""
    answer = word(decide(Request(Change.CONFIRM, S.CONFIRMATION_LINK), Facts(ACTIVE, consent)))
    assert answer == ("unchanged" if consent in (OUT, DOUBLE) else DOUBLE)


@pytest.mark.parametrize(
    ("policy", "proof", "newer", "expected"),
    [
        (OptOutPolicy.WITH_EVIDENCE, WRITTEN, True, SINGLE),
        (OptOutPolicy.WITH_EVIDENCE, WRITTEN, False, "OPTED_OUT"),
        (OptOutPolicy.WITH_EVIDENCE, Proof.UNWRITTEN, True, "NOT_PERMITTED"),
        (OptOutPolicy.WITH_EVIDENCE, Proof.NONE, True, "EVIDENCE_REQUIRED"),
        (STRICT, WRITTEN, True, "LOCKED"),
        (STRICT, Proof.UNWRITTEN, False, "LOCKED"),
    ],
)
def test_one_operator_lifting_an_opt_out(policy: OptOutPolicy, proof: Proof, newer: bool, expected: str) -> None:
    """An operator lifts an opt-out only under WITH_EVIDENCE, in writing, on evidence newer than the opt-out."""
    request = Request(Change.OPT_IN, S.OPERATOR, policy, proof, newer)
    assert word(decide(request, Facts(ACTIVE, OUT))) == expected


@pytest.mark.parametrize("source", [S.OPERATOR, S.BULK, S.IMPORT])
def test_checks_run_in_order(source: ConsentSource) -> None:
    """Evidence is asked for first, then the address, then whether the contact is archived, then its consent."""
    bare, proven = Request(Change.OPT_IN, source), Request(Change.OPT_IN, source, proof=WRITTEN)
    assert word(decide(bare, Facts(ARCHIVED, None))) == "EVIDENCE_REQUIRED"
    assert word(decide(proven, Facts(ARCHIVED, None))) == "NO_ADDRESS"
    assert word(decide(proven, Facts(ARCHIVED, OUT))) == "CONTACT_ARCHIVED"
    assert word(decide(proven, Facts(ARCHIVED, SINGLE))) == "CONTACT_ARCHIVED"
    assert word(decide(proven, Facts(ACTIVE, OUT))) == "OPTED_OUT"


def test_a_confirmation_link_leaves_an_archived_contact_archived() -> None:
    """Confirming works for an archived contact and takes one step: the consent."""
    assert word(decide(WAYS["confirmation link"], Facts(ARCHIVED, NONE))) == DOUBLE


@given(
    st.sampled_from(sorted(RECIPIENT)), st.sampled_from(Lifecycle), st.sampled_from(ConsentStatus),
    st.sampled_from(Deliverability), st.sampled_from(OptOutPolicy),
)  # fmt: skip
def test_the_recipients_opt_out_always_applies(
    source: ConsentSource,
    lifecycle: Lifecycle,
    consent: ConsentStatus,
    deliverability: Deliverability,
    policy: OptOutPolicy,
) -> None:
    """Archived or not, ERROR or not, in any policy, and recorded again when repeated."""
    decision = decide(Request(Change.OPT_OUT, source, policy), Facts(lifecycle, consent, deliverability))
    assert isinstance(decision, Changed)
    assert [(step.action, step.consent) for step in decision.steps] == [(ConsentAction.OPT_OUT, OUT)]


@pytest.mark.parametrize("source", [S.OPERATOR, S.BULK])
@pytest.mark.parametrize("consent", ConsentStatus)
def test_an_operators_opt_out(source: ConsentSource, consent: ConsentStatus) -> None:
    """Any consent becomes OPTED_OUT; an archived contact is refused unless three steps are asked for."""
    plain, three = Request(Change.OPT_OUT, source), Request(Change.OPT_OUT, source, include_archived=True)
    assert word(decide(plain, Facts(ACTIVE, consent))) == ("unchanged" if consent is OUT else OUT)
    assert word(decide(plain, Facts(ARCHIVED, consent))) == "CONTACT_ARCHIVED"
    steps = "unchanged" if consent is OUT else "ACTIVATE, OPTED_OUT, ARCHIVE"
    assert word(decide(three, Facts(ARCHIVED, consent))) == steps


@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_an_imports_false_withdraws_archived_or_not(lifecycle: Lifecycle) -> None:
    """`accepts_marketing = false` withdraws once; a file is not the recipient, so nothing is recorded again."""
    request = Request(Change.OPT_OUT, S.IMPORT)
    assert word(decide(request, Facts(lifecycle, SINGLE))) == OUT
    assert word(decide(request, Facts(lifecycle, OUT))) == "unchanged"


@pytest.mark.parametrize(
    ("change", "before", "expected"),
    [
        (Change.ARCHIVE, Facts(ACTIVE, SINGLE), "ARCHIVE"),
        (Change.ARCHIVE, Facts(ARCHIVED, SINGLE), "unchanged"),
        (Change.ARCHIVE, Facts(ACTIVE, None), "ARCHIVE"),
        (Change.ACTIVATE, Facts(ARCHIVED, OUT), "ACTIVATE"),
        (Change.ACTIVATE, Facts(ACTIVE, OUT), "unchanged"),
        (Change.MARK_ERROR, Facts(ARCHIVED, OUT), "ERROR"),
        (Change.MARK_ERROR, Facts(ACTIVE, NONE, ERROR), "unchanged"),
        (Change.MARK_ERROR, Facts(ACTIVE, None), "NO_ADDRESS"),
        (Change.CLEAR_ERROR, Facts(ACTIVE, NONE, ERROR), "OK"),
        (Change.CLEAR_ERROR, Facts(ACTIVE, NONE), "unchanged"),
        (Change.REINSTATE, Facts(ARCHIVED, OUT, ERROR), "ACTIVATE, OK"),
        (Change.REINSTATE, Facts(ARCHIVED, None), "ACTIVATE"),
        (Change.REINSTATE, Facts(ACTIVE, SINGLE, ERROR), "OK"),
        (Change.REINSTATE, Facts(ACTIVE, SINGLE), "unchanged"),
        (Change.ERASE, Facts(ARCHIVED, SINGLE), OUT),
    ],
)
def test_lifecycle_and_deliverability(change: Change, before: Facts, expected: str) -> None:
    """Archiving, activating and marking never touch consent, and ask for nothing that already holds."""
    assert word(decide(Request(change, S.BULK), before)) == expected


@pytest.mark.parametrize(
    ("now", "was", "stands", "policy", "expected"),
    [
        (OUT, SINGLE, True, OptOutPolicy.WITH_EVIDENCE, SINGLE),
        (OUT, NONE, True, OptOutPolicy.WITH_EVIDENCE, NONE),
        (OUT, DOUBLE, True, STRICT, "LOCKED"),
        (SINGLE, NONE, True, STRICT, NONE),
        (OUT, SINGLE, False, OptOutPolicy.WITH_EVIDENCE, "OPTED_OUT"),
        (DOUBLE, SINGLE, False, OptOutPolicy.WITH_EVIDENCE, "CONFLICT"),
        (SINGLE, SINGLE, False, STRICT, "unchanged"),
        (OUT, None, False, OptOutPolicy.WITH_EVIDENCE, "unchanged"),
        (None, SINGLE, False, OptOutPolicy.WITH_EVIDENCE, "NO_ADDRESS"),
    ],
)
@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_an_undo_restores_what_it_found_and_never_over_what_came_since(
    lifecycle: Lifecycle,
    now: ConsentStatus | None,
    was: ConsentStatus | None,
    stands: bool,
    policy: OptOutPolicy,
    expected: str,
) -> None:
    """Archived or not; an opt-out is lifted only where the undone operation itself set it, under WITH_EVIDENCE."""
    request = Request(Change.RESTORE, S.UNDO, policy)
    assert word(decide(request, Facts(lifecycle, now, was=was, stands=stands))) == expected


def test_a_recipient_takes_back_their_own_withdrawal_in_any_policy() -> None:
    """STRICT keeps the company from lifting an opt-out, not the person whose opt-out it was."""
    facts = Facts(ACTIVE, OUT, was=DOUBLE, stands=True)
    assert word(decide(Request(Change.RESTORE, S.UNSUBSCRIBE_LINK, STRICT), facts)) == DOUBLE
    assert word(decide(Request(Change.RESTORE, S.UNDO, STRICT), facts)) == "LOCKED"
    over = replace(facts, stands=False)
    assert word(decide(Request(Change.RESTORE, S.UNSUBSCRIBE_LINK, STRICT), over)) == "OPTED_OUT"


def test_only_an_undo_restores() -> None:
    """Whatever the facts, nobody else's request for it is granted, but for the recipient's own."""
    facts = [
        Facts(*combination)
        for combination in product(
            Lifecycle, (None, *ConsentStatus), Deliverability, (None, *ConsentStatus), (False, True)
        )
    ]
    for source in set(S) - {S.UNDO, S.UNSUBSCRIBE_LINK, S.SMS_KEYWORD}:
        answers = {decide(Request(Change.RESTORE, source), fact) for fact in facts}
        assert answers == {Refused(ErrorCode.NOT_PERMITTED)}
    for fact in facts:
        decision = decide(Request(Change.RESTORE, S.UNDO), fact)
        if isinstance(decision, Changed):
            assert fact.stands
            assert [step.consent for step in decision.steps] == [fact.was]


def test_decide_is_total() -> None:
    """Every request on every facts has an answer, and a pair that no rule names is NOT_PERMITTED."""
    requests = product(Change, S, OptOutPolicy, Proof, (False, True), (False, True), (False, True), (False, True))
    facts = [Facts(*combination) for combination in product(Lifecycle, (None, *ConsentStatus), Deliverability)]
    answers = {type(decide(Request(*request), fact)) for request in requests for fact in facts}
    assert answers == {Changed, Unchanged, Refused}
    assert decide(Request(Change.OPT_IN, S.BOUNCE), Facts(ACTIVE, NONE)) == Refused(ErrorCode.NOT_PERMITTED)


def test_only_written_newer_evidence_or_the_recipient_ever_leaves_opted_out() -> None:
    """Of all requests, only one operator under WITH_EVIDENCE and a newer confirmation link end an opt-out."""
    requests = product(Change, S, OptOutPolicy, Proof, (False, True), (False, True), (False, True), (False, True))
    lifting = set()
    for request in (Request(*values) for values in requests):
        decision = decide(request, Facts(ACTIVE, OUT))
        if isinstance(decision, Changed) and any(step.consent not in (None, OUT) for step in decision.steps):
            lifting.add((request.change, request.source, request.policy, request.proof, request.evidence_newer))
    assert {row for row in lifting if row[0] is Change.OPT_IN} == {
        (Change.OPT_IN, S.OPERATOR, OptOutPolicy.WITH_EVIDENCE, WRITTEN, True)
    }
    assert {row[:2] + row[4:] for row in lifting if row[0] is not Change.OPT_IN} == {
        (Change.CONFIRM, S.CONFIRMATION_LINK, True)
    }

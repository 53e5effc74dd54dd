"""The tables of docs/rules.md, made by running `decide`: `python -m tests.house.rules_tables` writes them anew."""

import re
from pathlib import Path

from domain.consent.rules import Change, Changed, Decision, Facts, Proof, Refused, Request, Unchanged, decide
from domain.values import ConsentSource, ConsentStatus, Deliverability, Lifecycle, OptOutPolicy

DOCUMENT = Path(__file__).parents[2] / "docs/rules.md"
S = ConsentSource
WAYS = {
    "operator, one contact": Request(Change.OPT_IN, S.OPERATOR, proof=Proof.UNWRITTEN),
    "bulk": Request(Change.OPT_IN, S.BULK, proof=Proof.UNWRITTEN),
    "import, granted": Request(Change.OPT_IN, S.IMPORT, proof=Proof.UNWRITTEN),
    "import, not granted": Request(Change.OPT_IN, S.IMPORT, granted=False),
    "sign-up form with confirmation": Request(Change.OPT_IN, S.SIGNUP_FORM, confirmation=True),
    "sign-up form without": Request(Change.OPT_IN, S.SIGNUP_FORM),
    "preference centre": Request(Change.OPT_IN, S.PREFERENCE_CENTRE),
    "confirmation link, newer than the opt-out": Request(Change.CONFIRM, S.CONFIRMATION_LINK, evidence_newer=True),
    "confirmation link, older": Request(Change.CONFIRM, S.CONFIRMATION_LINK),
}
WITHDRAWALS = {
    "the recipient, or a complaint": Request(Change.OPT_OUT, S.ONE_CLICK),
    "operator or bulk": Request(Change.OPT_OUT, S.BULK),
    "the same, `includeArchived`": Request(Change.OPT_OUT, S.BULK, include_archived=True),
    "import, `accepts_marketing = false`": Request(Change.OPT_OUT, S.IMPORT),
}


def render() -> dict[str, str]:
    """Each table of the document by its name, in Markdown."""
    return {"opt-in": _opt_in(), "lift": _lift(), "opt-out": _opt_out(), "rest": _rest(), "undo": _undo()}


def written(text: str) -> str:
    """The document with its tables made anew."""
    for name, table in render().items():
        block = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(block, rf"\g<1>{table}\g<2>", text, flags=re.DOTALL)
    return text


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _word(decision: Decision) -> str:
    match decision:
        case Refused(code):
            return f"refused {code}"
        case Changed(steps):
            return ", ".join(f"**{step.consent or step.deliverability or step.action}**" for step in steps)
        case Unchanged(confirmation_requested=True):
            return "unchanged, confirmation requested"
        case _:
            return "unchanged"


def _opt_in() -> str:
    rows = [
        [way, *(_word(decide(request, Facts(Lifecycle.ACTIVE, consent))) for consent in ConsentStatus)]
        for way, request in WAYS.items()
    ]
    return _table(["way \\ consent before", *ConsentStatus], rows)


def _lift() -> str:
    rows = []
    for policy in OptOutPolicy:
        for proof in Proof:
            request = Request(Change.OPT_IN, S.OPERATOR, policy, proof)
            newer = Request(Change.OPT_IN, S.OPERATOR, policy, proof, evidence_newer=True)
            out = Facts(Lifecycle.ACTIVE, ConsentStatus.OPTED_OUT)
            rows.append([policy, proof, _word(decide(request, out)), _word(decide(newer, out))])
    return _table(["policy", "evidence", "older than the opt-out", "newer"], rows)


def _opt_out() -> str:
    cases = [
        (life, consent) for life in Lifecycle for consent in (ConsentStatus.SINGLE_OPT_IN, ConsentStatus.OPTED_OUT)
    ]
    rows = [[who, *(_word(decide(request, Facts(*case))) for case in cases)] for who, request in WITHDRAWALS.items()]
    return _table(["who \\ contact and consent before", *(f"{life}, {consent}" for life, consent in cases)], rows)


def _rest() -> str:
    changes = (Change.ARCHIVE, Change.ACTIVATE, Change.MARK_ERROR, Change.CLEAR_ERROR, Change.REINSTATE)
    cases = [(life, deliverability) for life in Lifecycle for deliverability in Deliverability]
    rows = []
    for change in changes:
        asked = [decide(Request(change, S.BULK), Facts(life, ConsentStatus.OPTED_OUT, state)) for life, state in cases]
        bare = decide(Request(change, S.BULK), Facts(Lifecycle.ACTIVE, None))
        rows.append([change, *map(_word, asked), _word(bare)])
    head = [
        "change \\ contact and address before",
        *(f"{life}, {state}" for life, state in cases),
        "ACTIVE, no address",
    ]
    return _table(head, rows)


def _undo() -> str:
    cases = [
        ("rests on the operation", OptOutPolicy.WITH_EVIDENCE, True),
        ("the same, under STRICT", OptOutPolicy.STRICT, True),
        ("something has happened since", OptOutPolicy.WITH_EVIDENCE, False),
    ]
    steps = [
        (before, now)
        for before in ConsentStatus
        for now in ConsentStatus
        if now is not ConsentStatus.DOUBLE_OPT_IN and before is not now and before is not ConsentStatus.OPTED_OUT
    ]
    rows = []
    for before, now in steps:
        answers = [
            _word(
                decide(Request(Change.RESTORE, S.UNDO, policy), Facts(Lifecycle.ACTIVE, now, was=before, stands=stands))
            )
            for _, policy, stands in cases
        ]
        rows.append([f"{before} → {now}", *answers])
    return _table(["before the operation → now", *(name for name, *_ in cases)], rows)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))

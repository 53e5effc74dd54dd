"""The permission that a part's rows bring or withdraw: through the door, like every other."""

from collections.abc import Sequence
from uuid import UUID

from domain.consent.change import Context, Refusal, Targets, change
from domain.consent.rules import Request
from domain.errors import ErrorCode
from domain.imports.part import Part
from domain.imports.plan import EMAILS, SLOTS
from domain.values import Channel

# The addresses of a row alone: what else a contact has, nobody gave permission for.
_NEW = """
SELECT {key} AS place, false AS there, array_agg(m.contact_id) AS contacts
  FROM merging m WHERE m.kind = 'CREATE' AND m.asks GROUP BY 1
"""
_THERE = """
SELECT place, true AS there, array_agg(contact_id) AS contacts FROM (
  SELECT m.contact_id, array_agg(p.channel || ':' || p.slot ORDER BY p.channel, p.slot) AS place
    FROM merging m
    JOIN contact_point p ON p.account_id = $1 AND p.contact_id = m.contact_id AND p.channel = ANY ($2::channel[])
     AND p.address_id IN ({ids})
   WHERE m.kind = 'AMEND' AND m.asks GROUP BY m.contact_id) t
 GROUP BY place
"""
_OUT = "SELECT array_agg(contact_id) FROM merging WHERE kind IN ('CREATE', 'AMEND') AND asks IS FALSE"
_IN = "SELECT n FROM merging WHERE kind IN ('CREATE', 'AMEND') AND asks"
_ROWS = (
    "SELECT n, contact_id, kind, {ids} FROM merging WHERE contact_id = ANY ($1::uuid[]) AND kind IN ('CREATE', 'AMEND')"
)
_HOLDERS = "SELECT address_id, contact_id FROM contact_point WHERE account_id = $1 AND address_id = ANY ($2::uuid[])"


async def permit(part: Part) -> None:
    """Opt out whoever the file says does not accept marketing, and in whom it says gave permission."""
    connection, plan = part.connection, part.plan
    out = await connection.fetchval(_OUT)
    if out:
        part.count("opted_out", await _ask(part, plan.opt_out(), Targets(out, plan.channels)))
    if not plan.granted:
        for row in await connection.fetch(_IN):
            part.refuse(row["n"], ErrorCode.NOT_PERMITTED, "accepts_marketing", "true")
        return
    slots = [slot for slot in plan.slots if SLOTS[slot][0] in plan.channels]
    if not slots:
        return
    found = await connection.fetch(_NEW.format(key=_key(slots)))
    ids = ", ".join(f"m.{slot}_id" for slot in slots)
    found += await connection.fetch(_THERE.format(ids=ids), part.account_id, list(plan.channels))
    for row in found:
        places = [place.split(":") for place in row["place"]]
        if places:
            channels = [channel for channel in Channel if any(name == channel for name, _ in places)]
            emails = [int(number) for name, number in places if name == Channel.EMAIL] or [1]
            part.count("opted_in", await _ask(part, plan.opt_in(), Targets(row["contacts"], channels, emails)))


def _key(slots: Sequence[str]) -> str:
    """A new contact's places, as `EMAIL:1`: its emails close up."""
    emails = [f"{slot}_id" for slot in slots if slot in EMAILS]
    parts = []
    if emails:
        many = f"num_nonnulls({', '.join(f'm.{name}' for name in emails)})"
        parts.append(f"ARRAY(SELECT 'EMAIL:' || i FROM generate_series(1, {many}) i)")
    parts += [
        f"CASE WHEN m.{slot}_id IS NOT NULL THEN ARRAY['{SLOTS[slot][0]}:1'] ELSE ARRAY[]::text[] END"
        for slot in slots
        if slot not in EMAILS
    ]
    return " || ".join(parts)


async def _ask(part: Part, request: Request, targets: Targets) -> int:
    """Ask the door; answers how many contacts it changed."""
    job = part.job
    context = Context(job.account_id, job.actor, job.now, evidence_id=job.evidence_id, operation_id=job.operation_id)
    outcome = await change(part.connection, request, targets, context)
    if outcome.refusals:
        await _note(part, outcome.refusals)
    return outcome.changed


async def _note(part: Part, refusals: Sequence[Refusal]) -> None:
    names = list(part.plan.slots)
    text = _ROWS.format(ids=", ".join(f"{slot}_id" for slot in names) or "NULL")
    rows = {row["contact_id"]: row for row in await part.connection.fetch(text, [r.contact_id for r in refusals])}
    back = await _come_back(part, refusals, {c for c, row in rows.items() if row["kind"] == "CREATE"})
    for refused in refusals:
        row = rows[refused.contact_id]
        slot = next((name for name in names if refused.address_id and row[f"{name}_id"] == refused.address_id), None)
        suppressed = (refused.contact_id, refused.address_id) in back
        part.refuse(row["n"], ErrorCode.SUPPRESSED if suppressed else refused.code, slot)


async def _come_back(part: Part, refusals: Sequence[Refusal], created: set[UUID]) -> set[tuple[UUID, UUID | None]]:
    """The refused that no contact held before this part: suppressed addresses that came back."""
    out = [r for r in refusals if r.code is ErrorCode.OPTED_OUT and r.address_id]
    if not out:
        return set()
    holders = await part.connection.fetch(_HOLDERS, part.account_id, [r.address_id for r in out])
    before = {
        row["address_id"]
        for row in holders
        if row["contact_id"] not in created and (row["contact_id"], row["address_id"]) not in part.attached
    }
    return {(r.contact_id, r.address_id) for r in out if r.address_id not in before}

"""The domain's words as GraphQL enums, each value explained to an integrator."""

from enum import Enum
from typing import TypeVar

import strawberry

from domain.contacts.send import Purpose
from domain.errors import ErrorCode
from domain.values import (
    Channel,
    ConsentAction,
    ConsentSource,
    ConsentStatus,
    Deliverability,
    EvidenceMethod,
    Lifecycle,
    OptOutPolicy,
)

E = TypeVar("E", bound=type[Enum])


def described(enum: E, description: str, name: str | None = None, **values: str) -> E:
    """Publish a domain enum as it is, with words for each of its values. Raises KeyError when one has none."""
    published = strawberry.enum(enum, name=name, description=description)
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values.pop(value.name)
    assert not values, f"{enum.__name__} has no {', '.join(values)}"
    return published


described(
    Channel,
    "How a person can be reached.",
    EMAIL="Email: up to three addresses a contact.",
    SMS="Text messages to a phone number.",
    CALL="Phone calls to a phone number.",
    POST="Letters to a postal address.",
)
described(
    ConsentStatus,
    "May we? The marketing permission of one address on one channel. Contacts who share the address share it.",
    NON_MARKETABLE="No permission is known. Nothing promotional is sent.",
    SINGLE_OPT_IN="Permission was given and recorded, but not confirmed from the address itself.",
    DOUBLE_OPT_IN="Permission was confirmed from the address itself.",
    OPTED_OUT=(
        "Permission was withdrawn. Sticky: no import and no bulk change ever reverses it, except undo of the\n"
        "very operation that set it, with nothing since."
    ),
)
described(
    Deliverability,
    "Can we? Set by bounces and by an operator, apart from permission.",
    OK="Nothing is known against the address.",
    ERROR="The address cannot be reached: it bounced, or an operator marked it.",
)
described(
    Lifecycle,
    "Archived contacts are sent no email and are left out of the active (billable) total.",
    ACTIVE="Counts in the active total.",
    ARCHIVED="Put aside. Keeps its permissions as they were, opt-outs above all.",
)
described(
    OptOutPolicy,
    "Who can lift an opt-out.",
    WITH_EVIDENCE="An operator can opt a withdrawn contact back in with evidence of new permission.",
    STRICT="Only the recipient can; the details of an opted-out contact are locked too.",
)
described(
    ConsentAction,
    "What a ledger entry records.",
    CONTACT_CREATED="The contact came into being.",
    CONTACT_UPDATED="Its details changed.",
    ADDRESS_ADDED="An address was put on the contact.",
    ADDRESS_REMOVED="An address was taken off the contact.",
    OPT_IN="Permission was recorded.",
    OPT_OUT="Permission was withdrawn.",
    CONFIRMATION_REQUESTED="The recipient was asked to confirm.",
    CONFIRM="The recipient confirmed from the address itself.",
    RESTORE="An earlier permission was restored.",
    ARCHIVE="The contact was put aside.",
    ACTIVATE="The contact was taken back.",
    MARK_ERROR="The address was found unreachable.",
    CLEAR_ERROR="The address is thought reachable again.",
    TOPIC_ON="A topic was switched on.",
    TOPIC_OFF="A topic was switched off.",
    ERASE="The person was erased, at one address or altogether.",
)
described(
    ConsentSource,
    "By which way a change came.",
    OPERATOR="A single change through this API.",
    BULK="A bulk operation.",
    IMPORT="An imported list.",
    SIGNUP_FORM="A sign-up form, filled in by the recipient.",
    UNSUBSCRIBE_LINK="The unsubscribe page.",
    ONE_CLICK="The mail program's own unsubscribe button (RFC 8058).",
    PREFERENCE_CENTRE="The recipient's preference page.",
    CONFIRMATION_LINK="The link in a confirmation mail.",
    RECIPIENT_RELAYED="The recipient, through an integrator.",
    SMS_KEYWORD="A keyword such as STOP, sent by the recipient.",
    BOUNCE="A message that came back.",
    COMPLAINT="A spam complaint.",
    AUTOMATION="A journey or an order that needed the contact active.",
    UNDO="Undo of a bulk operation.",
)
described(
    EvidenceMethod,
    "How permission was obtained. Only what the person wrote or signed can lift an opt-out.",
    SIGNUP_FORM="A form on a web page. Counts as written.",
    WRITTEN_REQUEST="A letter or a message from the person. Counts as written.",
    PAPER_FORM="A form on paper, signed. Counts as written.",
    VERBAL="Said aloud: on the phone, at a stand.",
    EXISTING_CUSTOMER="An existing customer relationship.",
    OTHER_PROVIDER="Recorded by another provider before.",
    OTHER="Any other way: the statement says which.",
)
described(
    Purpose,
    "What a message is for, which decides what it needs.",
    BROADCAST="Marketing to many.",
    JOURNEY="Marketing that an automation sends to one.",
    TRANSACTIONAL="What the person needs whatever their permission, such as an order receipt.",
    CONFIRMATION="Asks the person to confirm their address.",
)
described(
    ErrorCode,
    "Why something was refused. Codes are never renamed.",
    name="UserErrorCode",
    REQUIRED="A value is missing.",
    INVALID="A value can never be accepted as it is.",
    NOT_FOUND="The id names nothing in this account, or something of another kind.",
    TAKEN="The value belongs to another already.",
    CONFLICT="What the request builds on has changed since.",
    CONTACT_ARCHIVED="The contact is archived; activate it first.",
    OPTED_OUT="The person opted out, and this request cannot change that.",
    NOT_PERMITTED="This evidence, or this way, cannot grant permission here.",
    NO_ADDRESS="The contact has none of the chosen addresses.",
    EVIDENCE_REQUIRED="An opt-in needs evidence of how permission was obtained.",
    LOCKED="Under the account's policy only the recipient can change this.",
    DUPLICATE="The same thing was given twice.",
    SUPPRESSED="The address is on the suppression list.",
    UNDELIVERABLE="The address cannot be reached.",
    ALREADY_FINISHED="It has ended already.",
    TOO_LARGE="More than is accepted at once.",
)

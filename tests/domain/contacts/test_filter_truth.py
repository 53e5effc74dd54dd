"""Which filters are always true, and so no choice at all."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.contacts.filter import ContactFilter as F
from domain.contacts.filter import OptStatus
from domain.contacts.filter_truth import always_true, has_empty
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle

TOPIC, NOW, EPOCH = uuid4(), datetime(2026, 11, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)
IN, OUT = F(status=OptStatus.OPTED_IN), F(status=OptStatus.OPTED_OUT)


@pytest.mark.parametrize(
    "where",
    [
        F(),
        F(channel=Channel.SMS),
        F(search="  "),
        F(and_=[F(), F(and_=[F()])]),
        F(or_=[F(), F(tag="x")]),
        F(not_=F(not_=F())),
        F(or_=[IN, OUT]),
        F(channel=Channel.SMS, or_=[IN, F(channel=Channel.SMS, status=OptStatus.OPTED_OUT)]),
        F(or_=[F(lifecycle=value) for value in Lifecycle]),
        F(or_=[F(subscribed=True), F(subscribed=False)]),
        F(or_=[F(tag="x"), F(not_=F(tag="x"))]),
        F(or_=[F(topic=TOPIC), F(not_=F(topic=TOPIC))]),
        F(not_=F(subscribed=True, status=OptStatus.OPTED_OUT)),
        F(not_=F(lifecycle=Lifecycle.ARCHIVED, subscribed=True)),
        F(not_=F(search="\x00")),
        F(created_after=datetime(1969, 1, 1, tzinfo=UTC)),
        F(or_=[F(created_after=EPOCH), F(created_before=NOW)]),
        F(or_=[F(consent=list(ConsentStatus)), OUT]),
        F(not_=F(contact_type=["a"], not_=F(contact_type=["a", "b"]))),
    ],
)
def test_what_leaves_nobody_out(where: F) -> None:
    """Empty, blank, and one thing or its opposite, however it is said."""
    assert always_true(where)


@pytest.mark.parametrize(
    "where",
    [
        IN,
        F(search="a"),
        F(search="\x00"),
        F(not_=F()),
        F(consent=list(ConsentStatus)),
        F(or_=[F(deliverability=value) for value in Deliverability]),
        F(or_=[IN, F(channel=Channel.SMS, status=OptStatus.OPTED_OUT)]),
        F(or_=[F(tag="x"), F(not_=F(tag="y"))]),
        F(or_=[F(contact_type=["client"]), F(contact_type=["partner"])]),
        F(or_=[F(created_after=NOW), F(created_before=NOW)]),
        F(created_before=NOW),
        F(created_after=EPOCH),
        F(or_=[F(group=uuid4(), tag=str(n), search=str(n)) for n in range(20)]),
    ],
)
def test_what_can_leave_someone_out(where: F) -> None:
    """A filter that some contact could fail is a choice; so is one with too many conditions to try."""
    assert not always_true(where)


@pytest.mark.parametrize("where", [F(and_=[]), F(or_=[]), F(consent=[]), F(tag="x", not_=F(or_=[F(contact_type=[])]))])
def test_an_empty_list_is_seen_at_any_depth(where: F) -> None:
    """It is nobody's choice, and must not become everyone's."""
    assert has_empty(where)
    assert not has_empty(F(or_=[IN], not_=F(consent=[ConsentStatus.OPTED_OUT])))

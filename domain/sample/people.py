"""Who is in the sample: made by number, so that the same size always gives the same people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice

from domain.values import Channel

FIRST = tuple(
    """Ada Ben Chloé Dara Elif Femi Grace Hugo Ines Jonas Kofi Lena Mateo
    Nora Omar Pia Quentin Rosa Sami Tove Uma Viktor Wanda Ximena Yusuf Zoe""".split()  # noqa: SIM905 - words read better than quotes
)
LAST = tuple(
    """Adeyemi Becker Castillo Dubois Eriksson Fischer García Haddad Ivanova Jensen Kowalski Lindqvist Moreau
    Nakamura O'Connor Petrov Quispe Rossi Schmidt Tanaka Umarov Varga Weber Xu Yilmaz Zimmermann""".split()  # noqa: SIM905 - words read better than quotes
)
TYPES = ("client", "client", "client", "partner", "franchisee", None)
TAGS = ("vip", "trade-fair", "webinar", "café")
GROUPS = ("Newsletter readers", "Customers", "Partners", "Trade fair")
# 555-0100 to 555-0199 is kept for examples in every area code of the North American plan.
AREAS = (202, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 615, 617, 702, 713, 718, 773, 801, 808)


class Fate(Enum):
    """What becomes of a sample contact's permission once it is in."""

    NEW = "nothing yet"
    IN = "opted in"
    CONFIRMED = "confirmed"
    OUT = "opted out by an operator"
    LEFT = "left by itself"
    IN_UNREACHABLE = "opted in, then bounced"
    IN_ARCHIVED = "opted in, then archived"
    OUT_ARCHIVED = "left, then archived"


# Twenty in a row, so that a small sample has every fate too.
FATES = (
    (Fate.IN, Fate.CONFIRMED, Fate.NEW, Fate.OUT, Fate.LEFT, Fate.IN_UNREACHABLE, Fate.IN_ARCHIVED, Fate.OUT_ARCHIVED)
    + (Fate.IN,) * 7
    + (Fate.CONFIRMED,) * 2
    + (Fate.NEW,) * 3
)


@dataclass(frozen=True, slots=True)
class Person:
    """One sample contact. `points` are (channel, slot, value); `switches` are topic keys, on or off."""

    external_id: str
    first_name: str
    last_name: str
    contact_type: str | None
    points: list[tuple[Channel, int, str]]
    fate: Fate
    tags: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    switches: dict[str, bool] = field(default_factory=dict)


def people(number: int, topics: list[str]) -> list[Person]:
    """The first `number` sample contacts; `topics` are the keys that the account has."""
    return [_person(n, topics) for n in range(number)]


def _person(n: int, topics: list[str]) -> Person:
    first, last = FIRST[n % len(FIRST)], LAST[n * 7 // len(FIRST) % len(LAST)]
    return Person(
        external_id=f"C-{n + 1:06d}",
        first_name=first,
        last_name=last,
        contact_type=TYPES[n % len(TYPES)],
        points=list(_points(n, f"{_ascii(first)}.{_ascii(last)}.{n + 1}")),
        fate=FATES[n % len(FATES)],
        tags=[tag for i, tag in enumerate(TAGS) if n % (3 + 4 * i) == i],
        groups=[group for i, group in enumerate(GROUPS) if n % (2 + 3 * i) == i],
        switches=_switches(n, topics),
    )


def _points(n: int, mailbox: str) -> Iterator[tuple[Channel, int, str]]:
    if n % 17 != 16:
        yield Channel.EMAIL, 1, f"{mailbox}@example.com"
        yield from islice(
            ((Channel.EMAIL, slot, f"{mailbox}@example.{tld}") for slot, tld in ((2, "org"), (3, "net"))),
            max(0, n % 9 - 6),
        )
    if n % 3 == 0:
        # Every fourth shares a number with the one before: a family's telephone.
        number = _number(n // 3 - (n % 12 == 9))
        yield Channel.SMS, 1, number
        if n % 6 == 0:
            yield Channel.CALL, 1, number
    if n % 5 == 0:
        yield Channel.POST, 1, f"{n % 200 + 1} Example Street, 20500 Springfield"


def _number(n: int) -> str:
    return f"+1{AREAS[n // 100 % len(AREAS)]}55501{n % 100:02d}"


def _switches(n: int, topics: list[str]) -> dict[str, bool]:
    if n % 11 == 0:
        return dict.fromkeys(topics, False)
    return {topics[n % len(topics)]: n % 2 == 0} if topics and n % 4 == 0 else {}


def _ascii(name: str) -> str:
    return "".join(
        letter for letter in name.lower().replace("é", "e").replace("í", "i") if letter.isascii() and letter.isalpha()
    )

"""Colours that can be read: contrast as WCAG 2.2 (1.4.3, level AA) measures it."""

import re
from typing import Final

from domain.errors import invalid

PAPER, NIGHT = "#ffffff", "#16181d"
"""What a recipient's pages stand on, by day and in dark mode."""
ENOUGH: Final = 4.5
"""The least contrast of text (WCAG 1.4.3)."""
_HEX = re.compile(r"#[0-9a-f]{6}")


def colour(text: str | None, background: str, *field: str) -> str | None:
    """A colour as `#rrggbb` that can be read on the background. Raises DomainError INVALID."""
    if text is None:
        return None
    text = text.strip().lower()
    if not _HEX.fullmatch(text):
        raise invalid("A colour is written as #rrggbb, such as #0b5cad.", *field)
    if (found := contrast(text, background)) < ENOUGH:
        words = f"Its contrast with {background} is {found:.1f}:1, and text needs {ENOUGH}:1 to be readable."
        raise invalid(words, *field)
    return text


def contrast(one: str, other: str) -> float:
    """From 1 (none) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(text: str, background: str = NIGHT) -> str:
    """The colour, mixed with as little white as it takes to be read on a dark background."""
    return next(mixed for share in range(21) if contrast(mixed := _with_white(text, share / 20), background) >= ENOUGH)


def _with_white(text: str, share: float) -> str:
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in _parts(text))


def _luminance(text: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))

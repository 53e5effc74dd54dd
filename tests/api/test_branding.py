"""`updateAccount`: a logo and colours for recipients' pages, which can be read and call on nobody."""

from base64 import b64encode

import pytest

from domain.accounts.colours import ENOUGH, NIGHT, contrast, readable
from tests.api.client import Client, connected
from tests.pages.visiting import get, recipient

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645"
    "400000000049454e44ae426082"
)
DATA = "data:image/png;base64," + b64encode(PNG).decode()
BRAND = "account { logoUrl colour darkColour }"


async def test_a_brand_is_seen_by_recipients(api: Client) -> None:
    """The page shows name, logo and colours, and the logo comes from the same host."""
    changed = await api.changed("updateAccount", BRAND, logo=DATA, colour="#7A0C2E", postalAddress="1 Road\nTown")
    account = changed["account"]
    assert (account["colour"], account["darkColour"]) == ("#7a0c2e", None)
    anna = await recipient(api)
    page = (await get(anna.path())).text
    path = account["logoUrl"].removeprefix("http://127.0.0.1:8000")
    assert f'<img src="{path}" alt="Example Ltd">' in page
    assert "--accent: #7a0c2e" in page
    assert f"--accent: {readable('#7a0c2e')}" in page
    assert "1 Road\nTown" in page
    async with connected() as http:
        image = await http.get(path)
    assert (image.content, image.headers["content-type"]) == (PNG, "image/png")
    assert "immutable" in image.headers["cache-control"]
    for missing in (path.replace(".png", ".gif"), path.replace(".png", ".svg"), "/logos/x/y", path[:-9] + "0" * 9):
        assert (await get(missing)).status_code == 404
    gone = await api.changed("updateAccount", BRAND, logo=None, colour=None)
    assert gone["account"] == {"logoUrl": None, "colour": None, "darkColour": None}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"colour": "#ffcc00"}, "INVALID", "colour"),
        ({"colour": "blue"}, "INVALID", "colour"),
        ({"colour": "#12345"}, "INVALID", "colour"),
        ({"darkColour": "#0b5cad"}, "INVALID", "darkColour"),
        ({"logo": "https://example.com/logo.png"}, "INVALID", "logo"),
        ({"logo": "data:image/svg+xml;base64,AAAA"}, "INVALID", "logo"),
        ({"logo": "data:image/png;base64,AAAA"}, "INVALID", "logo"),
        ({"logo": "data:image/png;base64,A"}, "INVALID", "logo"),
        ({"logo": "data:image/png;base64," + "A" * 200_000}, "TOO_LARGE", "logo"),
    ],
)
async def test_what_cannot_be_read_is_refused(api: Client, given: dict[str, str], code: str, field: str) -> None:
    """A colour without contrast and an image that is none (or no image but a place to fetch one) change nothing."""
    assert await api.refused("updateAccount", **given) == [(code, [field])]


@pytest.mark.parametrize("colour", ["#000000", "#0b5cad", "#7a0c2e", "#767676", "#00ff00"])
def test_dark_mode_can_be_read(colour: str) -> None:
    """Whatever the colour, dark mode's own is light enough; one that already is stays."""
    assert contrast(readable(colour), NIGHT) >= ENOUGH
    assert readable("#00ff00") == "#00ff00"

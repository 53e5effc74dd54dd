"""bulkUpdateTags."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.api.working import work_off

OPERATION = "bulkOperation { id kind summary }"
EVERYONE = {"everyone": True}


async def test_tags_of_many(api: Client) -> None:
    """Tags are added and removed for everyone, and the operation says so."""
    await api.contact(tags=["old"])
    await api.contact(tags=["vip"])
    payload = await api.changed("bulkUpdateTags", OPERATION, selection=EVERYONE, add=["vip"], remove=["old"])
    started = payload["bulkOperation"]
    assert started["kind"] == "CHANGE_TAGS"
    assert started["summary"] == "Add the tag “vip”, remove the tag “old”: everyone"
    done = await work_off(api, started["id"])
    assert (done.changed, done.unchanged) == (1, 1)
    nodes = (await api.query("{ contacts { nodes { tags version } } }"))["contacts"]["nodes"]
    assert sorted((node["tags"], node["version"]) for node in nodes) == [(["vip"], 1), (["vip"], 2)]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({}, ("INVALID", ["add"])),
        ({"add": None, "remove": []}, ("INVALID", ["add"])),
        ({"add": ["x"], "remove": ["x "]}, ("INVALID", ["remove"])),
        ({"add": ["x" * 101]}, ("TOO_LARGE", ["add", "0"])),
        ({"remove": ["\u0007"]}, ("INVALID", ["remove", "0"])),
        ({"add": ["x"], "selection": {"tag": "nobody"}}, ("INVALID", ["selection"])),
    ],
)
async def test_what_is_refused(api: Client, wrong: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    """No tag, a bad one, one in both lists, or nobody to change: each with its field."""
    await api.contact()
    assert await api.refused("bulkUpdateTags", **({"selection": EVERYONE} | wrong)) == [expected]

"""bulkErase."""

from tests.api.client import Client
from tests.api.working import work_off

OPERATION = "bulkOperation { id kind summary }"
EVERYONE = {"everyone": True}


async def test_many_are_erased(api: Client) -> None:
    """Nobody is left, and an address comes back opted out."""
    await api.opted_in("anna@example.org")
    await api.contact()
    payload = await api.changed("bulkErase", OPERATION, selection=EVERYONE, expectedTotal=2)
    started = payload["bulkOperation"]
    assert (started["kind"], started["summary"]) == ("ERASE", "Erase: everyone")
    assert (await work_off(api, started["id"])).changed == 2
    assert (await api.query("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 0
    assert (await api.contact("Anna@Example.org"))["points"][0]["consent"] == "OPTED_OUT"


async def test_the_number_must_be_right(api: Client) -> None:
    """Another number than the selection holds is a CONFLICT; none at all is no document."""
    await api.contact()
    refused = await api.refused("bulkErase", selection=EVERYONE, expectedTotal=2)
    assert refused == [("CONFLICT", ["expectedTotal"])]
    text = "mutation { bulkErase(input: { selection: { everyone: true } }) { userErrors { code } } }"
    assert "expectedTotal" in (await api.error(text))["message"]

"""updateAccount, and who is asking."""

from tests.api.client import Client

ACCOUNT = "account { name optOutPolicy contactTypes defaultCountry postalAddress topics { key } }"


async def test_settings_change_one_by_one(api: Client) -> None:
    """What is named changes, what is not stays, and null clears what can be cleared."""
    payload = await api.changed("updateAccount", ACCOUNT, name="New Ltd", postalAddress="1 Main Street")
    assert payload["account"] == {
        "name": "New Ltd",
        "optOutPolicy": "WITH_EVIDENCE",
        "contactTypes": ["client", "partner", "franchisee"],
        "defaultCountry": "DE",
        "postalAddress": "1 Main Street",
        "topics": [{"key": key} for key in ("newsletter", "product_updates", "marketing", "system_alerts")],
    }
    payload = await api.changed("updateAccount", ACCOUNT, postalAddress=None, defaultCountry="fr")
    assert (payload["account"]["postalAddress"], payload["account"]["defaultCountry"]) == (None, "FR")


async def test_settings_that_cannot_be(api: Client) -> None:
    """Each is refused with its field."""
    assert await api.refused("updateAccount", name="") == [("INVALID", ["name"])]
    assert await api.refused("updateAccount", defaultCountry="Germany") == [("INVALID", ["defaultCountry"])]
    assert await api.refused("updateAccount", optOutPolicy=None) == [("INVALID", ["optOutPolicy"])]


async def test_the_viewer(api: Client) -> None:
    """A key learns its name, its scopes and its account."""
    viewer = (await api.query("{ viewer { actor scopes account { id name } } }"))["viewer"]
    assert viewer["actor"].startswith("key:")
    assert viewer["scopes"] == ["admin", "bulk", "read", "signup", "write"]
    assert viewer["account"]["name"] == "Example Ltd"
